"""Every address of the site, by the module that answers it."""

from search_api import api as search_edge
from web import (
    account_site,
    audience_site,
    company_site,
    demo_site,
    files_site,
    operator_site,
    privacy_site,
    saved_search_site,
    shortlist_site,
    sign_in_site,
    sign_up_site,
    site,
    space_site,
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
    space_site.router,
    files_site.router,
    text_site.router,
    audience_site.router,
    operator_site.router,
    saved_search_site.router,
    shortlist_site.router,
    demo_site.router,
)
