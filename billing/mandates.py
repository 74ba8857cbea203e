"""The billing mandate: an expert's express, written and prior leave to invoice in their name (mission row S24).

Law: CGI, article 289, I-2, and annex II, article 242 nonies: express, written, prior; invoices need no approval one by
one, and may be contested within a time that the mandate gives. Credit notes and corrections are covered for a third
party's mandate (rescrit 2006/10). A published text never changes: a new version is a file for each language
(`web/texts/LANGUAGE/mandate-VERSION.md`) and an entry here, and has to be accepted before the next quote. A test holds
the files to the hashes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import legal_identities
from accounts.models.experts import LegalStatus
from accounts.models.profiles import LegalIdentity
from accounts.sign_ins import SignedIn
from billing.models.mandates import Mandate
from foundation import audits, mails
from foundation.database import hold
from foundation.errors import Conflict, NotFound
from foundation.i18n import Language
from foundation.mails import Mail
from foundation.settings import Operator

KIND = "mandate"
KEPT_FOR = timedelta(days=3_653)
"""After its end: ten years, leap days included, as invoices are (French commercial code, article L. 123-22)."""


@dataclass(frozen=True, slots=True)
class MandateText:
    """One published version, named by the day of its publication."""

    published_on: date
    contest_days: int
    """For how long an invoice may be contested after it was received."""
    sha256: Mapping[Language, str]
    """Of the bytes of each language's file, in hex."""

    @property
    def version(self) -> str:
        """Return how addresses and rows write it."""
        return self.published_on.isoformat()

    @property
    def name(self) -> str:
        """Return the name of its files, without language and suffix."""
        return f"mandate-{self.version}"


TEXTS: Sequence[MandateText] = (
    MandateText(
        date(2026, 11, 30),
        contest_days=15,
        sha256=MappingProxyType(
            {
                "fr": "8527a31d26eaf3dc609f08f686c1053ca1d271cfdb34fecf07550ba146cb4df1",
                "en": "2b03e70c7c492e91e343e9b9623838d54858e6248e157e87d69ae7f579fd225d",
            }
        ),
    ),
)
"""The oldest first."""
CURRENT = TEXTS[-1]


class Unidentified(Conflict):
    """A mandate is given under a legal identity, which is to be filled in first."""


class Outdated(Conflict):
    """What was accepted is not the text in force: it has to be read again."""


def find(version: str) -> MandateText:
    """Return the text of a version; raise NotFound."""
    for text in TEXTS:
        if text.version == version:
            return text
    raise NotFound(f"no version {version!r} of the billing mandate")


def is_needed(identity: LegalIdentity) -> bool:
    """Tell whether somebody needs to give a mandate: in portage salarial the portage company invoices."""
    return identity.status != LegalStatus.PORTAGE_SALARIAL


def mandatary(operator: Operator) -> str:
    """Return how the text names who is given the mandate."""
    return ", ".join(
        part for part in (operator.name, operator.legal_form, operator.address, operator.registration_number) if part
    )


def accept(
    session: Session,
    who: SignedIn,
    version: str,
    text_hash: str,
    address: str,
    at: datetime,
    *,
    operator: Operator | None = None,
) -> Mandate:
    """Keep that an expert gave the mandate by a click; doing so twice keeps the first.

    `text_hash` is of the text that was shown, and says in which language; no `operator` means the environment's. Raises
    Outdated where that is not the text in force, Unidentified where there is no legal identity to give it under.
    """
    expert_id = who.expert_id
    if expert_id is None:
        raise NotFound("mandates are given by experts")
    languages: list[Language] = [language for language, known in CURRENT.sha256.items() if known == text_hash]
    if version != CURRENT.version or not languages:
        raise Outdated("another text is in force by now")
    hold(session, f"mandate {expert_id}")
    identity = legal_identities.of(session, expert_id)
    if identity is None:
        raise Unidentified("there is no legal identity yet")
    if known := _in_force(session, identity):
        return known
    # What the person gave before, under another legal identity, ends with it.
    _end(session, expert_id, at)
    mandate = Mandate(
        expert_id=expert_id,
        version=version,
        language=languages[0],
        text_hash=text_hash,
        mandatary=mandatary(operator or Operator()),
        mandator=identity.legal_name,
        registration_number=identity.registration_number,
        accepted_at=at,
        accepted_by=who.account_id,
        address=address,
    )
    session.add(mandate)
    session.flush()
    values = {"name": who.name, "mandator": mandate.mandator, "version": version, "fingerprint": text_hash}
    mail = Mail(who.email, languages[0], "mandate_given", values)
    mails.write(session, mail, key=f"mandate_given {mandate.id}", at=at)
    audits.record(session, who.actor, "gave_mandate", KIND, mandate.id, at=at, version=version, text_hash=text_hash)
    return mandate


def end(session: Session, who: SignedIn, at: datetime) -> None:
    """End an expert's mandate for the future; what was sold under it is still invoiced. May be repeated."""
    hold(session, f"mandate {who.expert_id}")
    for mandate in _end(session, who.expert_id or "", at):
        audits.record(session, who.actor, "ended_mandate", KIND, mandate.id, at=at)


def end_of_erased(session: Session, expert_ids: Sequence[str], at: datetime) -> None:
    """End the mandates of experts who are erased: from then on counts for how long they are kept."""
    for expert_id in expert_ids:
        _end(session, expert_id, at)


def sweep(session: Session, at: datetime) -> None:
    """Delete mandates that ended so long ago that no invoice under them has to be kept."""
    session.execute(delete(Mandate).where(is_old(at)))


def is_old(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a mandate was kept for long enough."""
    return col(Mandate.ended_at) < at - KEPT_FOR


def is_accepted(session: Session, expert_id: str) -> bool:
    """Tell whether an expert's mandate is in force: the current text, given by the legal person that sells today."""
    return in_force(session, expert_id) is not None


def in_force(session: Session, expert_id: str) -> Mandate | None:
    """Return the mandate by which quotes may be sent, if there is one."""
    identity = legal_identities.of(session, expert_id)
    return None if identity is None else _in_force(session, identity)


def of(session: Session, expert_id: str) -> Sequence[Mandate]:
    """Return all mandates that an expert gave, the latest first."""
    statement = select(Mandate).where(col(Mandate.expert_id) == expert_id)
    return session.execute(statement.order_by(col(Mandate.accepted_at).desc())).scalars().all()


def _in_force(session: Session, identity: LegalIdentity) -> Mandate | None:
    for mandate in of(session, identity.expert_id):
        is_theirs = mandate.registration_number == identity.registration_number
        if mandate.ended_at is None and mandate.version == CURRENT.version and is_theirs:
            return mandate
    return None


def _end(session: Session, expert_id: str, at: datetime) -> list[Mandate]:
    ended = [mandate for mandate in of(session, expert_id) if mandate.ended_at is None]
    for mandate in ended:
        mandate.ended_at = at
        session.add(mandate)
    return ended
