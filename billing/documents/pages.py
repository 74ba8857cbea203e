"""The part of a document that people read: PDF/A-3b, with the XML inside (Factur-X).

`foundation.prints` sets it. Attaching the XML notes the time, so that a document made twice differs in bytes: it is
made once, and kept.
"""

from datetime import UTC, datetime, time
from pathlib import Path

import facturx

from billing.documents import factur_x, wordings
from billing.documents.contents import Content
from foundation import prints

TEMPLATE = Path(__file__).with_name("document.typ")


def pdf(content: Content) -> bytes:
    """Return the pages; raise `foundation.prints.Unprintable`."""
    issued_at = datetime.combine(content.issued_on, time(), UTC)
    return prints.pdf(TEMPLATE, wordings.words(content), standards=["a-3b"], at=issued_at)


def with_xml(pages: bytes, xml: bytes, content: Content) -> bytes:
    """Return the pages with the XML in them, as Factur-X."""
    words = wordings.words(content)
    title = f"{words['kind']} {content.number}"
    about = {
        "author": content.issuer or content.seller.name,
        "keywords": "Factur-X",
        "title": title,
        "subject": f"{title}, {content.issued_on.isoformat()}",
    }
    made = facturx.generate_from_binary(
        pages,
        xml,
        flavor="factur-x",
        level=factur_x.LEVEL,
        check_xsd=False,
        pdf_metadata=about,
        lang=content.language,
        afrelationship="alternative",
    )
    return bytes(made)


def render(content: Content) -> bytes:
    """Return a whole document, as it is sent and kept."""
    return with_xml(pdf(content), factur_x.xml(content), content)
