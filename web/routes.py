"""Every address of the site, by the module that answers it."""

from search_api import api as search_edge
from web import (
    account_site,
    company_site,
    demo_site,
    operator_site,
    privacy_site,
    sign_in_site,
    sign_up_site,
    site,
    text_site,
)

ROUTERS = (
    search_edge.router,
    site.router,
    sign_up_site.router,
    sign_in_site.router,
    company_site.router,
    privacy_site.router,
    account_site.router,
    text_site.router,
    operator_site.router,
    demo_site.router,
)
