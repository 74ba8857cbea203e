"""Who says besides us whether documents are right: Mustang for Factur-X, and veraPDF, which is in it, for PDF/A.

Both are Java. One run looks at any number of documents, since starting takes longer than looking.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from foundation.errors import Unavailable
from scripts.backends import artifacts, javas

PARTS = Path(__file__).parent / "validator"
WITHIN_S = 600
_NOT_OURS = re.compile(r"\[BR-DE-")
"""Notices of XRechnung, the German rules for invoices to the public hand."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a document."""

    is_archivable: bool
    """PDF/A-3b, by veraPDF. Mustang's own summary is valid for files that are not."""
    is_valid: bool
    """By Mustang."""
    remarks: tuple[str, ...]
    """Errors and warnings of any rule, and notices."""


def look_at(documents: Mapping[str, bytes]) -> dict[str, Verdict]:
    """Return the verdict on each document, by its name; raise Unavailable where nothing can look."""
    class_path = artifacts.made_once("document-validator", PARTS, _put_together)
    java = javas.compiler().with_name("java")
    with tempfile.TemporaryDirectory() as place:
        paths = {name: Path(place) / f"{number}.pdf" for number, name in enumerate(documents)}
        for name, path in paths.items():
            path.write_bytes(documents[name])
        # What is compiled for long runs costs more than it saves in this one.
        options = ["-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
        command = [str(java), *options, "-cp", class_path, "Validate", *map(str, paths.values())]
        done = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, timeout=WITHIN_S, check=False, cwd=place
        )
        if done.returncode:
            raise Unavailable(f"the validator of documents ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return {name: _verdict(path.with_name(f"{path.name}.report.xml").read_bytes()) for name, path in paths.items()}


def _verdict(report: bytes) -> Verdict:
    root = etree.fromstring(report)
    said = [element for kind in ("error", "warning", "notice", "exception") for element in root.iter(kind)]
    remarks = tuple(dict.fromkeys(" ".join((element.text or "").split()) for element in said))
    summary = root.find("summary")
    return Verdict(
        is_archivable="isCompliant=true" in (root.findtext("pdf") or ""),
        is_valid=summary is not None and summary.get("status") == "valid",
        remarks=tuple(remark for remark in remarks if not _NOT_OURS.match(remark)),
    )


def _put_together(made: Path) -> None:
    failure = "the validator of documents could not be had from Maven Central: is there a network?"
    artifacts.copy_jars(PARTS, made / "jars", failure)
    artifacts.compile_sources(PARTS, made, "the validator of documents could not be compiled")
