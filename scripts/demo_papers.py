"""Who is paid in a demonstration: one expert who is verified, others of whom a paper or a declaration is missing."""

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
from billing import declarations, identity_files, identity_papers, owner_forms, owner_rules, owners, provider_calls
from billing.provider_states import DeclarationState, OwnerKind, PaperKind
from billing.providers import sandbox, sandbox_declarations, sandbox_papers
from billing.providers.interface import DECLARATION, Address, BeneficialOwner, PaperPage, Resource
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
    declares: bool = False
    """Says to whom the company belongs, and waits for an operator."""


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
    Other(
        "E008",
        "clemence@demo.example",
        "999000029",
        date(1979, 1, 24),
        dict.fromkeys(owner_rules.needed(OwnerKind.BUSINESS), VALID),
        declares=True,
    ),
)


def verify(settings: Settings, database: Database, expert: SignedIn, born_on: date, at: datetime) -> None:
    """Have the sandbox know an expert with a legal identity, and validate what it needs: money can be paid out then."""
    with database.reading() as session:
        kind = owners.standing(session, sandbox.NAME, str(expert.expert_id)).kind
    if kind is None:
        return
    prove(settings, database, expert, born_on, dict.fromkeys(owner_rules.needed(kind), VALID), at)
    if owner_rules.declares(kind) and (sandbox_id := declare(settings, database, expert, at)):
        database.write(lambda session: sandbox_declarations.decide(session, sandbox_id, DeclarationState.VALIDATED))
        provider_calls.hear(database, _sandbox(settings, database), [_key_of(sandbox_id)], at)


def prove(
    settings: Settings,
    database: Database,
    expert: SignedIn,
    born_on: date,
    papers: Mapping[PaperKind, str],
    at: datetime,
) -> None:
    """Have the sandbox know an expert, and send it papers under the names of files by which it judges them."""
    provider = _sandbox(settings, database)
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


def declare(settings: Settings, database: Database, expert: SignedIn, at: datetime) -> str | None:
    """Have an expert say that their company belongs to them alone; return the sandbox's id, None if it knew before."""
    provider, key = _sandbox(settings, database), identity_files.key_of(settings)
    with database.writing() as session:
        found = owners.standing(session, provider.name, str(expert.expert_id))
        step, details = declarations.step(session, found), found.details
        if step is None or not step.is_possible or details is None:
            return None
        address = Address("3 rue des Lilas", details.city, details.postal_code, details.country)
        alone = BeneficialOwner(
            details.first_name,
            details.last_name,
            details.born_on,
            "Grenoble",
            "FR",
            details.nationality,
            address,
        )
        declaration = declarations.put(session, expert, provider.name, [alone], key, at=at)
    declarations.send(database, provider, key, [declaration.id], at)
    with database.reading() as session:
        sent = declarations.latest(session, declaration.user_id)
    return sent.provider_id if sent else None


def add_others(settings: Settings, database: Database, at: datetime) -> None:
    """Have the other experts come who are not there yet."""
    for other in OTHERS:
        with database.writing() as session:
            who = _come(session, other, at)
        if who is not None:
            prove(settings, database, who, other.born_on, other.papers, at)
            if other.declares:
                declare(settings, database, who, at)


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


def _sandbox(settings: Settings, database: Database) -> Sandbox:
    return Sandbox(database, keys.derived(settings, sandbox_papers.PURPOSE))


def _key_of(sandbox_declaration_id: str) -> str:
    return Resource(sandbox.NAME, DECLARATION, sandbox_declaration_id).key


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
