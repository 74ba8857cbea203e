"""Two sides that must learn nothing of each other: people of every kind, each with everything that can be had.

Every text of a side's own carries its mark, so that a page that shows one gives itself away.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import availabilities, letters, links, notices, portraits, shared_shortlists, shortlists, sign_ins
from accounts.letters import Checked
from accounts.models.accounts import Account, AccountKind, Client, Membership, Purpose, Role
from accounts.models.audiences import AudienceDay
from accounts.models.experts import Expert, Review
from accounts.models.identities import new_id
from accounts.models.notices import Ground
from accounts.models.profiles import LegalIdentity
from accounts.notices import Draft, Notifier
from accounts.portraits import SIZES_PX, Portrait
from accounts.shared_shortlists import Comment
from accounts.shortlist_rows import Owner
from billing import escrows
from billing.documents import contests, issues
from billing.documents.drafts import UNNUMBERED
from billing.documents.issues import About
from billing.documents.issues import Checked as Issued
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.payouts import BankAccount, Transfer
from billing.models.proposals import MoneyProposal
from billing.models.provider_parties import ProviderUser
from billing.models.sandbox import (
    SandboxCard,
    SandboxRecipient,
    SandboxSubscription,
    SandboxTransaction,
    SandboxUser,
    SandboxWallet,
)
from booking import papers, report_files, sheet_files, sheets, threads
from booking.attachments import Attachment
from booking.models.missions import Mission, Series
from booking.models.papers import PaperKind
from booking.models.quotes import LegalMention, Signature
from booking.models.quotes import Side as Signer
from booking.models.reports import Report
from booking.models.reviews import MissionReview
from booking.models.sheets import Offer
from booking.models.threads import Message, MessageFile
from booking.models.threads import Side as Speaker
from booking.papers import Draft as PaperDraft
from booking.sheet_contents import Content
from booking.sheets import Author
from booking.threads import Draft as SaidDraft
from foundation import audits, clock, keys, mails
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.mails import Mail
from foundation.settings import Settings
from search_api import saved_searches
from search_api.models import Frequency
from search_api.requests import Parameters
from tests import signed_in
from tests.billing.documents import samples
from tests.booking import quoting
from tests.personal_rows import PASSWORD_HASH
from web import alerts, shortlist_site

MARKS = ("zebulon", "mirabelle")
IBANS = dict(zip(MARKS, ("FR7630006000011234567890189", "DE89370400440532013000"), strict=True))
SEEN = dict(zip(MARKS, ("48,613", "51,427"), strict=True))
"""How often each expert was shown, as an English page writes it."""
ROLES = (
    "anonymous",
    "owner",
    "buyer",
    "accountant",
    "viewer",
    "private",
    "expert",
    "operator",
    "suspended expert",
    "suspended operator",
    "half signed in",
    "operator without second factor",
)


@dataclass(frozen=True)
class Side:
    """One side: its accounts by role, and the ids of what is theirs."""

    mark: str
    people: dict[str, Account]
    ids: dict[str, str]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts of which no page of the other side may hold one."""
        return (self.mark, IBANS[self.mark], SEEN[self.mark])


def seed(client: TestClient, mark: str, shown_id: str) -> Side:
    """Make a side; `shown_id` is a public expert, whom its lists hold."""
    database: Database = client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    settings: Settings = client.app.state.settings  # pyright: ignore[reportAttributeAccessIssue]
    people = {role: _person(database, role, mark) for role in ROLES if role != "anonymous"}
    with database.writing() as session:
        ids = {
            "expert": str(people["expert"].expert_id),
            "account": people["buyer"].id,
            "operator": people["operator"].id,
        }
        _join(session, people)
        ids |= _expert(session, people["expert"], mark)
        ids["unasked"] = keys.signed(settings, availabilities.KEY, people["expert"].id)
        ids |= _client(session, people["owner"], settings, mark, shown_id)
        _client(session, people["private"], settings, mark, shown_id)
        ids |= _told(session, people["private"], mark, shown_id)
        ids |= _said(session, people, mark)
        ids |= _money(session, people, mark)
        ids |= _quote(session, people["expert"], ids["client"], mark)
        ids |= _sheet(session, people["owner"], ids, mark)
        ids |= _mission(session, people, mark)
    return Side(mark, people, ids)


def token_of(client: TestClient, side: Side, role: str) -> str:
    """Sign one of a side in, as far as the role goes; return the token of the cookie."""
    if role == "anonymous":
        return ""
    database: Database = client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    with database.writing() as session:
        is_half = role == "half signed in"
        return sign_ins.open_for(session, side.people[role], side.mark, at=clock.now(), needs_second_factor=is_half)


def _person(database: Database, role: str, mark: str) -> Account:
    kind = (
        AccountKind.PRIVATE_CLIENT
        if role == "private"
        else AccountKind.EXPERT
        if "expert" in role
        else AccountKind.OPERATOR
        if "operator" in role
        else AccountKind.COMPANY
    )
    at = clock.now()
    columns = {"password_hash": PASSWORD_HASH, "email": f"{mark}.{role.replace(' ', '.')}@example.org"}
    more = {"suspended_at": at, "suspension_reason": f"{mark} reason", "suspension_facts": f"{mark} facts"}
    has_factor = role in {"operator", "suspended operator", "half signed in"}
    return signed_in.make(
        database,
        kind,
        f"{mark.title()} {role.title()}",
        **columns,
        **(more if "suspended" in role else {}),
        second_factor_since=at if has_factor else None,
    )


def _join(session: Session, people: dict[str, Account]) -> None:
    """Have the company's people act for one company."""
    client_id = session.get_one(Membership, people["owner"].id).client_id
    for role in (Role.BUYER, Role.ACCOUNTANT, Role.VIEWER):
        membership = session.get_one(Membership, people[role.value].id)
        membership.client_id, membership.role = client_id, role.value


def _expert(session: Session, account: Account, mark: str) -> dict[str, str]:
    at, actor = clock.now(), audits.SYSTEM
    expert = session.get_one(Expert, account.expert_id)
    expert.sqlmodel_update({"headline": f"{mark} headline", "summary": f"{mark} summary", "city": f"{mark}ville"})
    expert.slug, expert.is_visible = f"{mark}-slug", False
    session.add(
        AudienceDay(
            expert_id=expert.id,
            day=at.date() - timedelta(days=1),
            visitor_kind="company",
            impressions=int(SEEN[mark].replace(",", "")),
        )
    )
    session.add(
        LegalIdentity(
            expert_id=expert.id,
            status="sole_trader",
            country="FR",
            legal_name=f"{mark} legal",
            address=f"{mark} road",
            changed_at=at,
        )
    )
    files = {size: f"{mark} portrait".encode() for size in SIZES_PX}
    portrait = portraits.put(session, expert.id, Portrait(files), actor=actor, at=at)
    content = Checked(f"%PDF-1.7 {mark} letter".encode(), 1)
    letter = letters.add(session, expert.id, content, f"{mark} title", is_shown=False, actor=actor, at=at)
    draft = PaperDraft(PaperKind.REGISTRATION, at.date(), None, replaces_policy=False)
    scan = papers.Checked(f"%PDF-1.7 {mark} paper".encode(), "application/pdf")
    paper = papers.put(session, expert.id, draft, scan, actor=actor, at=at)
    session.flush()
    return {"portrait": portrait, "letter": letter.id, "paper": paper.id, "slug": expert.slug}


def _client(session: Session, account: Account, settings: Settings, mark: str, shown_id: str) -> dict[str, str]:
    at = clock.now()
    client = session.get_one(Client, session.get_one(Membership, account.id).client_id)
    texts = ("name", "address", "legal_form", "registration_number", "billing_name")
    client.sqlmodel_update({name: f"{mark} {name}" for name in texts} | {"iban": IBANS[mark], "country": "FR"})
    client.billing_email = f"{mark}.billing@example.org"
    owner, key = Owner(client_id=client.id), keys.derived(settings, shortlist_site.KEY)
    shortlists.add(session, owner, shown_id, at=at)
    shortlists.write_note(session, owner, shown_id, f"{mark} note", at=at)
    shared_shortlists.share(session, owner, f"{mark} list", key=key, at=at)
    session.flush()
    found = shortlists.find(session, owner)
    assert found is not None
    token = shared_shortlists.token_of(found.share_id or "", key)
    shared_shortlists.write(session, token, Comment(f"{mark} author", f"{mark} opinion"), at=at)
    search = saved_searches.save(
        session, account.id, f"{mark} search", Parameters(q=f"{mark} query"), Frequency.DAILY, found_now=[], at=at
    )
    links.make(session, Purpose.INVITE_COLLEAGUE, subject=f"{client.id} {mark}.invited@example.org buyer", at=at)
    session.flush()
    comment = shared_shortlists.comments(session, found.id)[0].id
    return {
        "client": client.id,
        "shared": token,
        "comment": comment,
        "search": search,
        "stop": keys.signed(settings, alerts.KEY, search),
    }


def _said(session: Session, people: dict[str, Account], mark: str) -> dict[str, str]:
    """Have a company and its side's expert write to each other."""
    at, client_id = clock.now(), session.get_one(Membership, people["owner"].id).client_id
    thread = threads.between(session, client_id, str(people["expert"].expert_id), at=at)
    file = Attachment(f"{mark}.txt", "text/plain", f"{mark} file".encode())
    for side, role, files in ((Speaker.CLIENT, "buyer", (file,)), (Speaker.EXPERT, "expert", ())):
        draft = SaidDraft(f"{mark} said", files)
        threads.post(session, thread, side, people[role].id, Role.BUYER, draft, at=at)
    kept = select(col(MessageFile.id)).join(Message).where(col(Message.thread_id) == thread.id)
    return {"thread": thread.id, "message_file": session.execute(kept).scalar_one()}


def _money(session: Session, people: dict[str, Account], mark: str) -> dict[str, str]:
    """Have a company pay its side's expert, ask for some of it back, begin another card, and wire for nothing known."""
    at, client_id = clock.now(), session.get_one(Membership, people["owner"].id).client_id
    values: dict[str, Any] = {
        "number": f"{mark} 1",
        "number_key": mark,
        "title": f"{mark} mission",
        "state": "disputed",
    }
    values |= {"due_cents": 100, "paid_cents": 100, "held_at": at}
    escrow = Escrow(
        reference=new_id(),
        payer_client_id=client_id,
        payee_expert_id=str(people["expert"].expert_id),
        currency="EUR",
        opened_at=at,
        **values,
    )
    session.add(escrow)
    session.flush()
    shared: dict[str, Any] = {"provider": "sandbox", "currency": "EUR", "begun_at": at, "cents": 100}
    came: dict[str, Any] = {"state": "succeeded", "settled_at": at, "kind": "wire"}
    paid = Payment(escrow_id=escrow.id, provider_id=f"{mark} paid", counted_at=at, **came, **shared)
    wire = Payment(provider_id=f"{mark} wire", wire_text=f"{mark} words", **came, **shared)
    card = Payment(escrow_id=escrow.id, kind="card", **shared)
    refund = Refund(
        escrow_id=escrow.id, reason="asked", cents=40, currency="EUR", explanation=f"{mark} why", asked_at=at
    )
    session.add_all([paid, wire, card, refund])
    session.flush()
    proposal = MoneyProposal(
        deed="return",
        payment_id=wire.id,
        cents=100,
        currency="EUR",
        proposed_by=people["operator"].id,
        proposed_at=at,
        expires_at=at + timedelta(days=7),
    )
    session.add(proposal)
    page = SandboxTransaction(
        kind="card", key=card.id, cents=100, currency="EUR", title=f"{mark} mission", return_path="/", made_at=at
    )
    session.add(page)
    session.flush()
    return {
        "reference": escrow.reference,
        "refund": refund.id,
        "wire": wire.id,
        "card": page.id,
        "proposal": proposal.id,
        **_paid(session, escrow, mark),
        **_kept_at_the_provider(session, client_id, mark),
    }


def _paid(session: Session, escrow: Escrow, mark: str) -> dict[str, str]:
    """Have an expert wait for a transfer that failed, and have yet to confirm a bank account."""
    at, expert_id = clock.now(), escrow.payee_expert_id
    owner = ProviderUser(provider="sandbox", role="person", party_id=expert_id, provider_id=f"{mark} owner", made_at=at)
    session.add(owner)
    session.flush()
    shared: dict[str, Any] = {"provider": "sandbox", "owner_id": owner.id, "currency": "EUR", "made_at": at}
    transfer = Transfer(
        escrow_id=escrow.id, payee_expert_id=expert_id, state="failed", cents=100, fee_cents=12, **shared
    )
    account = BankAccount(
        expert_id=expert_id, provider_id=f"{mark} at", country="FR", ending="0467", number_hash=f"{mark} #", **shared
    )
    session.add_all([transfer, account])
    session.flush()
    return {"transfer": transfer.id, "bank_account": account.id}


def _kept_at_the_provider(session: Session, client_id: str, mark: str) -> dict[str, str]:
    """Have the sandbox know a client, with a card, a charge of it and a bank account that wait to be confirmed."""
    at, back = clock.now(), f"/{mark}"
    party = ProviderUser(provider="sandbox", role="payer", party_id=client_id, made_at=at)
    user = SandboxUser(key=party.id, role="payer", made_at=at)
    session.add_all([party, user])
    session.flush()
    wallet = SandboxWallet(key=new_id(), user_id=user.id, currency="EUR", made_at=at)
    card = SandboxCard(key=new_id(), user_id=user.id, currency="EUR", return_path=back, made_at=at)
    recipient = SandboxRecipient(
        key=new_id(), user_id=user.id, outcome="asks", state="pending", return_path=back, made_at=at
    )
    session.add_all([wallet, card, recipient])
    session.flush()
    shared = {"key": new_id(), "cents": 100, "currency": "EUR", "made_at": at}
    subscription = SandboxSubscription(card_id=card.id, wallet_id=wallet.id, period="month", state="created", **shared)
    charge = SandboxTransaction(
        kind="card", state="challenge", subscription_id=subscription.id, return_path=back, **shared
    )
    session.add_all([subscription, charge])
    session.flush()
    return {"kept_card": card.id, "charge": charge.id, "recipient": recipient.id}


def _sheet(session: Session, account: Account, ids: dict[str, str], mark: str) -> dict[str, str]:
    """Have a client propose a mission sheet, whose details are confidential, to the expert of its side."""
    at, texts = clock.now(), ("title", "context", "deliverables", "terms", "place")
    content = Content(**{name: f"{mark} {name}" for name in texts}, objectives=(f"{mark} aim",), needs_nda=True)
    author = Author(Owner(client_id=ids["client"]), account.id)
    sheet = sheets.begin(session, author, content, at=at)
    sheet_files.add(session, sheet, [Attachment(f"{mark}.txt", "text/plain", f"{mark} file".encode())], SYSTEM, at=at)
    offer = Offer(
        sheet_id=sheet.id,
        client_id=ids["client"],
        expert_id=ids["expert"],
        message=f"{mark} message",
        sent_at=at,
        expires_at=at + timedelta(days=9),
    )
    sheet.state = "published"
    session.add(offer)
    session.flush()
    return {"sheet": sheet.id, "offer": offer.id, "sheet_file": sheet_files.of(session, sheet.id)[0].id}


def _told(session: Session, account: Account, mark: str, shown_id: str) -> dict[str, str]:
    """Have somebody say something to operators, and be mailed."""
    at = clock.now()
    notifier = Notifier(account.name, account.email, account.id)
    draft = Draft(Ground.FRAUD, f"{mark} explanation", notifier, "en")
    notice = notices.send(session, draft, session.get_one(Expert, shown_id), None, at=at)
    mails.write(session, Mail(account.email or "", "en", "password_changed", {"name": mark}), key=mark, at=at)
    mail = mails.to_address(session, account.email or "", 1)[0]
    return {"notice": notice.id, "mail": mail.id}


def _mission(session: Session, people: dict[str, Account], mark: str) -> dict[str, str]:
    """Have the company's mission with the expert wait for its validation, with everything that one can hold."""
    at, expert_id = clock.now(), str(people["expert"].expert_id)
    client_id = session.get_one(Membership, people["owner"].id).client_id
    pair = {"client_id": client_id, "expert_id": expert_id}
    quote = quoting.sent_row(session, expert_id, client_id, f"{mark} signed", at=at)
    quote.state, quote.accepted_version = "accepted", 1
    for side, role in ((Signer.EXPERT, "expert"), (Signer.CLIENT, "owner")):
        session.add(
            Signature(
                quote_id=quote.id,
                version=1,
                side=side.value,
                account_id=people[role].id,
                name=people[role].name,
                address="192.0.2.1",
                content_hash=f"{mark} hash",
                terms_version="2026-09-01",
                signed_at=at,
            )
        )
    mission = Mission(
        number=f"M-{mark}",
        state="reported",
        quote_id=quote.id,
        title=f"{mark} work",
        currency="EUR",
        made_at=at,
        started_at=at,
        **pair,
    )
    session.add(mission)
    session.flush()
    escrow = escrows.open(
        session, mission.id, payer=client_id, payee=expert_id, due_cents=100_00, currency="EUR", at=at
    )
    came: dict[str, Any] = {"state": "succeeded", "settled_at": at, "kind": "wire", "counted_at": at, "cents": 50_00}
    receipt = Payment(escrow_id=escrow.id, provider="sandbox", currency="EUR", begun_at=at, **came)
    escrow.paid_cents = receipt.cents
    session.add(receipt)
    said = [{"text": f"{mark} objective", "outcome": "reached", "comment": f"{mark} remark"}]
    summary = f"{mark} summary"
    report = Report(
        mission_id=mission.id, number=1, objectives=said, summary=summary, sent_by=people["expert"].id, sent_at=at
    )
    session.add(report)
    session.flush()
    report_files.add(session, report, [Attachment(f"{mark}.txt", "text/plain", f"{mark} report".encode())], at=at)
    texts: dict[str, Any] = {"skill": f"{mark} skill", "comment": f"{mark} praise", "rating": 5}
    on: dict[str, Any] = {"experienced_on": at.date(), "published_on": at.date(), "origin": "mission"}
    review = Review(expert_id=expert_id, **texts, **on)
    session.add(review)
    session.flush()
    session.add(
        MissionReview(
            review_id=review.id,
            mission_id=mission.id,
            skill=review.skill,
            client_id=client_id,
            author_account_id=people["owner"].id,
            written_at=at,
        )
    )
    content = samples.invoice(number=UNNUMBERED).model_copy(update={"title": f"{mark} invoice"})
    invoice = issues.issue(session, Issued(content), About(mission.id, expert_id, client_id), at=at)
    contests.contest(session, invoice.number, expert_id, f"{mark} objection", audits.SYSTEM, at=at)
    return {
        "document": invoice.number,
        "document_row": invoice.id,
        "mission": mission.id,
        "receipt": receipt.id,
        "review": review.id,
        "report_file": report_files.of_mission(session, mission.id)[0].id,
    }


def _quote(session: Session, account: Account, client_id: str, mark: str) -> dict[str, str]:
    """Have the side's expert send its company a quote, and write a mention down."""
    at, expert_id = clock.now(), str(account.expert_id)
    quote = quoting.sent_row(session, expert_id, client_id, mark, at=at)
    session.add(LegalMention(expert_id=expert_id, title=f"{mark} mention", text=f"{mark} words", changed_at=at))
    series = Series(state="open", client_id=client_id, expert_id=expert_id, title=f"{mark} months", made_at=at)
    session.add(series)
    session.flush()
    quoting.sent_row(session, expert_id, client_id, f"{mark} month", at=at).series_id = series.id
    return {"quote": quote.id, "series": series.id}
