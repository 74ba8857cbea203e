"""The addresses of the pages that are there to be read, and what tells search engines of them."""

from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from accounts import terms
from foundation import clock
from foundation.i18n import LANGUAGES, Language
from web.pages import texts
from web.pages.texts import Texts
from web.rendering import language_of, render, site_address

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
CLOSED = ("/account", "/api/", "/my/", "/operator/")
"""What search engines have no use for."""
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get(texts.HELP_PATH)
def list_help(request: Request) -> HTMLResponse:
    """Show which help there is."""
    language = language_of(request)
    return render(request, "help.html", language, texts.help_index(_texts(request, language), language))


@router.get(texts.HELP_PATH + "/{slug}")
def show_help(request: Request, slug: str) -> HTMLResponse:
    """Show a help page."""
    if slug not in texts.help_slugs():
        raise HTTPException(404)
    language = language_of(request)
    context = texts.help_page(_texts(request, language), slug, language)
    return render(request, "text.html", language, context)


@router.get("/terms/{name}")
def show_terms(request: Request, name: str) -> HTMLResponse:
    """Show the terms that are in force, or the version that was asked for."""
    if name not in set(terms.Kind):
        raise HTTPException(404)
    kind, today, language = terms.Kind(name), clock.today(), language_of(request)
    version = request.query_params.get("version")
    document = terms.current(kind, today) if version is None else terms.find(kind, version)
    return render(
        request, "text.html", language, texts.terms_page(_texts(request, language), document, language, today)
    )


@router.get("/privacy")
def show_privacy(request: Request) -> HTMLResponse:
    """Show what is kept of whom."""
    return _show(request, "privacy")


@router.get("/cookies")
def show_cookies(request: Request) -> HTMLResponse:
    """Show which cookies there are."""
    return _show(request, "cookies")


@router.get("/robots.txt")
def list_what_is_closed(request: Request) -> PlainTextResponse:
    """Tell search engines where not to look."""
    closed = "\n".join(f"Disallow: {path}" for path in CLOSED)
    return PlainTextResponse(f"User-agent: *\n{closed}\n\nSitemap: {site_address(request)}/sitemap.xml\n")


@router.get("/sitemap.xml")
def list_pages(request: Request) -> Response:
    """Tell search engines of the pages that are there to be read, with both languages of each."""
    site = site_address(request)
    ET.register_namespace("", SITEMAP)
    ET.register_namespace("xhtml", XHTML)
    root = ET.Element(f"{{{SITEMAP}}}urlset")
    for path in _public_paths():
        entry = ET.SubElement(root, f"{{{SITEMAP}}}url")
        ET.SubElement(entry, f"{{{SITEMAP}}}loc").text = site + path
        for language in LANGUAGES:
            address = f"{site}{path}?lang={language}"
            ET.SubElement(entry, f"{{{XHTML}}}link", rel="alternate", hreflang=language, href=address)
    return Response(ET.tostring(root, encoding="utf-8", xml_declaration=True), media_type="application/xml")


def _public_paths() -> list[str]:
    helps = [f"{texts.HELP_PATH}/{slug}" for slug in texts.help_slugs()]
    kinds = [f"/terms/{kind}" for kind in terms.Kind]
    return ["/", texts.HELP_PATH, *helps, "/ranking", *kinds, *(f"/{name}" for name in texts.PAGES), "/legal"]


def _show(request: Request, name: str) -> HTMLResponse:
    language = language_of(request)
    return render(request, "text.html", language, texts.page(_texts(request, language), name))


def _texts(request: Request, language: Language) -> Texts:
    state = request.app.state
    return Texts(state.settings, state.pointers, language)
