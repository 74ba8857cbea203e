"""Papers at Mangopay: a document, its pages one by one, and then the question to look at it."""

import base64
from collections.abc import Mapping
from typing import Any

from billing.provider_states import PaperKind, PaperState
from billing.providers.mangopay.calls import Refused
from billing.providers.mangopay.names import derived
from billing.providers.mangopay.parts import Part
from billing.providers.mangopay.readings import key_of
from billing.providers.papers import Paper, PaperRequest
from billing.providers.resources import Declined

_KINDS = {
    PaperKind.IDENTITY: "IDENTITY_PROOF",
    PaperKind.REGISTRATION: "REGISTRATION_PROOF",
    PaperKind.ARTICLES: "ARTICLES_OF_ASSOCIATION",
    PaperKind.SHAREHOLDERS: "SHAREHOLDER_DECLARATION",
    PaperKind.ADDRESS: "ADDRESS_PROOF",
}
_STATES = {
    "VALIDATION_ASKED": PaperState.ASKED,
    "VALIDATED": PaperState.VALIDATED,
    "REFUSED": PaperState.REFUSED,
    "OUT_OF_DATE": PaperState.OUTDATED,
}


class MangopayPapers(Part):
    """Papers."""

    def send_paper(self, request: PaperRequest) -> Paper:
        """Send a paper. Where that breaks off, the next try goes on from there."""
        if not request.pages:
            raise Declined("no_pages")
        path = f"/users/{request.user_id}/KYC/documents"
        made = self._means.creations.make(
            request.key,
            path,
            {"Type": _KINDS[request.kind], "Tag": request.key},
            read="/KYC/documents/{}",
            others=lambda: self._means.calls.every(path),
        )
        if made.get("Status") != "CREATED":
            return _as_paper(made)
        paper_id = str(made["Id"])
        for number, page in enumerate(request.pages, start=1):
            content = base64.b64encode(page.content).decode()
            key = derived(request.key, f"page {number}")
            self._means.creations.make(key, f"{path}/{paper_id}/pages", {"File": content}, read="")
        try:
            return _as_paper(self._means.calls.put(f"{path}/{paper_id}", {"Status": "VALIDATION_ASKED"}))
        except Refused as error:
            raise Declined(str(error)) from error

    def fetch_paper(self, provider_id: str) -> Paper | None:
        """Return a paper."""
        found = self._get(f"/KYC/documents/{provider_id}")
        return _as_paper(found) if found else None


def _as_paper(found: Mapping[str, Any]) -> Paper:
    kind = next((kind for kind, name in _KINDS.items() if name == found.get("Type")), PaperKind.IDENTITY)
    return Paper(
        str(found["Id"]),
        key_of(found),
        kind,
        _STATES.get(str(found.get("Status")), PaperState.CREATED),
        str(found["RefusedReasonType"]).lower() if found.get("RefusedReasonType") else None,
        str(found.get("RefusedReasonMessage") or ""),
    )
