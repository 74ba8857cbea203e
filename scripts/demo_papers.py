"""Who is paid in a demonstration: one expert whose papers are validated, one whose are refused, one who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, legal_identities, registrations
from accounts.models.accounts import AccountKind
from accounts.models.experts import Expert
from accounts.registrations import Registration
from accounts.sign_ins import SignedIn
from billing import identity_files, identity_papers, owner_forms, owner_rules, owners
from billing.provider_states import PaperKind
from billing.providers import sandbox, sandbox_papers
from billing.providers.interface import PaperPage
from billing.providers.sandbox import Sandbox
from foundation import audits, keys
from foundation.database import Database
from foundation.settings import Settings

VALID, REFUSED, WAITING = "valid.png", "refused-unreadable.png", "scan.png"
"""Names of files by which the sandbox judges them, or has an operator look."""


@dataclass(frozen=True, slots=True)
class Other:
    """An expert of the directory who comes only to be paid."""

    ref: str
    email: str
    number: str
    born_on: date
    papers: Mapping[PaperKind, str]


OTHERS = (
    Other(
        "E004",
        "mireille@demo.example",
        "999000003",
        date(1976, 5, 12),
        {PaperKind.IDENTITY: VALID, PaperKind.REGISTRATION: REFUSED},
    ),
    Other(
        "E005",
        "jean-remi@demo.example",
        "999000011",
        date(1983, 9, 3),
        {PaperKind.IDENTITY: WAITING, PaperKind.REGISTRATION: WAITING},
    ),
)


def verify(settings: Settings, database: Database, expert: SignedIn, born_on: date, at: datetime) -> None:
    """Have the sandbox know an expert with a legal identity, and validate what it needs: money can be paid out then."""
    with database.reading() as session:
        kind = owners.standing(session, sandbox.NAME, str(expert.expert_id)).kind
    if kind is not None:
        prove(settings, database, expert, born_on, dict.fromkeys(owner_rules.needed(kind), VALID), at)


def prove(
    settings: Settings,
    database: Database,
    expert: SignedIn,
    born_on: date,
    papers: Mapping[PaperKind, str],
    at: datetime,
) -> None:
    """Have the sandbox know an expert, and send it papers under the names of files by which it judges them."""
    provider = Sandbox(database, keys.derived(settings, sandbox_papers.PURPOSE))
    key, expert_id = identity_files.key_of(settings), str(expert.expert_id)
    with database.writing() as session:
        found = owners.standing(session, provider.name, expert_id)
        if found.kind is None or found.user is not None:
            return
        form = owner_forms.proposed(session, expert_id, found.kind)
        last_name = form["last_name"] or form["first_name"]
        form |= {"last_name": last_name, "born_on": born_on.isoformat(), "nationality": "FR", "terms": "yes"}
        values = owner_forms.check(form, found.kind, "fr", at.date())
        owners.give(session, expert, provider.name, values, at=at)
    owners.make_known(database, provider, [expert_id], at)
    for kind, name in papers.items():
        page = PaperPage(name, specimen(f"{kind.value}: {expert.name}"))
        with database.writing() as session:
            paper = identity_papers.put(session, expert, provider.name, kind, (page,), key, at=at)
        identity_papers.send(database, provider, key, [paper.id], at)


def add_others(settings: Settings, database: Database, at: datetime) -> None:
    """Have the other experts come who are not there yet."""
    for other in OTHERS:
        with database.writing() as session:
            who = _come(session, other, at)
        if who is not None:
            prove(settings, database, who, other.born_on, other.papers, at)


def specimen(words: str) -> bytes:
    """Return a picture of a paper that nobody takes for a real one."""
    picture = Image.new("RGB", (640, 400), "#f4f1e8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((12, 12, 628, 388), outline="#33506b", width=3)
    draw.text((40, 60), "SPECIMEN", fill="#b0413e", font_size=64)
    draw.text((40, 200), words, fill="#22303c", font_size=24)
    draw.text((40, 250), "Document fictif, pour la démonstration", fill="#22303c", font_size=20)
    content = BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def _come(session: Session, other: Other, at: datetime) -> SignedIn | None:
    expert = session.execute(select(Expert).where(col(Expert.ref) == other.ref)).scalar_one_or_none()
    if expert is None or accounts.owner_of(session, expert.id) is not None:
        return None
    registration = Registration(AccountKind.EXPERT, expert.name, "", other.email, "", "fr", "")
    account = registrations.create_bare(session, registration, "", at=at)
    account.email_confirmed_at, account.password_hash = at, None
    accounts.give_profile(session, account, expert.id)
    identity = {
        "status": expert.legal_status or "sasu",
        "country": "FR",
        "legal_name": f"{expert.name} Conseil",
        "address": "8 rue des Tanneurs\n44000 Nantes",
        "registration_number": other.number,
    }
    legal_identities.save(session, expert.id, identity, actor=audits.SYSTEM, at=at)
    return SignedIn("", account.id, AccountKind.EXPERT, account.name, other.email, "fr", expert.id)
