"""Who insures the professional liability for a mission (mission row S27). Pure.

There is always a cover: the marketplace's policy, unless the expert's own certificate takes its place while it holds.
It begins with the client's acceptance.
"""

from dataclasses import dataclass
from datetime import date

from booking.models.papers import WorkPaper


@dataclass(frozen=True, slots=True)
class Policy:
    """The marketplace's policy; a setting."""

    insurer: str
    number: str


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers a mission: the policy, the expert's own certificate until a day, or both."""

    policy: Policy | None
    own_until: date | None


def cover(certificate: WorkPaper | None, policy: Policy, on: date) -> Cover:
    """Return what covers on a day; a certificate that is over counts no more, and the policy is there again."""
    own_until = certificate.ends_on if certificate and certificate.ends_on and certificate.ends_on >= on else None
    is_replaced = certificate is not None and own_until is not None and certificate.replaces_policy
    return Cover(None if is_replaced else policy, own_until)
