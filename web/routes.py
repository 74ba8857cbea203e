"""Every address of the site, by the module that answers it."""

from search_api import api as search_edge
from web import (
    demo_site,
    operator_site,
    site,
    text_site,
)

ROUTERS = (
    search_edge.router,
    site.router,
    text_site.router,
    operator_site.router,
    demo_site.router,
)
