"""People for whom every table holds something, and where somebody is named: for tests of privacy."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from accounts import passwords
from accounts.models.accounts import (
    Acceptance,
    Account,
    AccountKind,
    Client,
    MailedLink,
    Membership,
    RecoveryCode,
    Role,
    SignIn,
)
from accounts.models.audiences import AudienceDay, Impression, ResultPage, View
from accounts.models.experts import Expert, Review, StagedExpert, StagedReview
from accounts.models.findings import Approach
from accounts.models.notices import Notice
from accounts.models.profiles import LegalIdentity, PortraitFile, ProfileVersion, ReferenceLetter
from accounts.models.shortlists import Shortlist, ShortlistComment, ShortlistItem
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.models.declarations import OwnershipDeclaration
from billing.models.documents import AccountingDocument, DocumentContest, DocumentSeries
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.identity_papers import IdentityPage, IdentityPaper, OwnerDetails
from billing.models.mandates import Mandate
from billing.models.payouts import BankAccount, Payout, Transfer
from billing.models.provider_parties import ProviderUser
from billing.models.reductions import PromoCode, Reduction, ReductionUse, Referral
from billing.models.sandbox import SandboxTransaction
from booking.models.papers import OtherClients, WorkPaper
from booking.models.quotes import LegalMention
from booking.models.sheets import Offer, Sheet, SheetEdition, SheetFile
from booking.models.threads import Message, MessageDraft, MessageFile, ReceivedMail, Thread, ThreadMark
from foundation import audits
from foundation.audits import Actor, ActorKind
from foundation.database import Database
from foundation.files import StoredFile
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from foundation.sms import SmsRow
from indexer import documents
from indexer.models import Embedding
from migrations import tables
from search_api.models import EmptySearchRow, JudgedQuery, Judgment, SavedSearch, ShadowMoveRow
from tests import signed_in
from tests.signed_in import PASSWORD

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = date(2026, 12, 1)
PASSWORD_HASH = passwords.hashed(PASSWORD)


def expert_columns(mark: str) -> dict[str, Any]:
    texts = {"name", "headline", "summary", "city", "slug", "ref"}
    filled: dict[str, Any] = {name: f"{mark} {name}" for name in texts}
    return {**filled, "skills": [f"{mark} skill"], "created_at": AT, "updated_at": AT}


def rows_of(account: Account, expert: Expert, client_id: str, mark: str) -> list[SQLModel]:
    """Return a row of every table that holds something of somebody, each text with a mark of its own."""
    texts: dict[str, Any] = {"skill": f"{mark} area", "comment": f"{mark} comment", "rating": 5}
    days: dict[str, Any] = {"experienced_on": DAY, "published_on": DAY}
    notice: dict[str, Any] = {"kind": "notice", "ground": "fraud", "explanation": f"{mark} said", "content": "C"}
    notice |= {"language": "fr", "sent_at": AT}
    page = f"page of {account.id}"
    visitor: dict[str, Any] = {"visitor_kind": "company", "visitor_key": "v"}
    staged: dict[str, Any] = {**expert_columns(mark), "ref": expert.ref}
    found: list[SQLModel] = [
        SignIn(
            token_hash=f"{mark} t1", account_id=account.id, opened_at=AT, seen_at=AT, ends_at=AT, agent=f"{mark} agent"
        ),
        RecoveryCode(code_hash=f"{mark} t2", account_id=account.id),
        MailedLink(
            token_hash=f"{mark} t3",
            purpose="change_email",
            account_id=account.id,
            subject=f"{mark} new address",
            made_at=AT,
            ends_at=AT,
        ),
        MailedLink(
            token_hash=f"{mark} t4",
            purpose="invite_colleague",
            subject=f"c1 {account.email} buyer",
            made_at=AT,
            ends_at=AT,
        ),
        MailedLink(
            token_hash=f"{mark} t5",
            purpose="invite_expert",
            subject=f"{expert.ref} other@example.org",
            made_at=AT,
            ends_at=AT,
        ),
        SavedSearch(
            account_id=account.id,
            name=f"{mark} saved",
            parameters={"q": f"{mark} asked"},
            frequency="off",
            saved_at=AT,
            looked_at=AT,
        ),
        ProfileVersion(expert_id=expert.id, version=1, replaced={"headline": f"{mark} former"}, edited_at=AT),
        StoredFile(
            id=f"file of {account.id}",
            content=f"{mark} bytes".encode(),
            media_type="application/pdf",
            size_bytes=1,
            sha256="",
            stored_at=AT,
        ),
        *(
            StoredFile(
                id=f"{what} of {account.id}",
                content=f"{mark} scan".encode(),
                media_type="text/plain",
                size_bytes=1,
                sha256="",
                stored_at=AT,
            )
            for what in ("paper", "held", "certificate")
        ),
        ReferenceLetter(
            expert_id=expert.id,
            place=1,
            title=f"{mark} letter",
            is_shown=True,
            pages=1,
            file_id=f"file of {account.id}",
            added_at=AT,
        ),
        PortraitFile(portrait_id=account.id, size_px=1, expert_id=expert.id, file_id=f"file of {account.id}"),
        LegalIdentity(
            expert_id=expert.id,
            status="sasu",
            country="FR",
            legal_name=f"{mark} legal",
            address=f"{mark} seat",
            changed_at=AT,
        ),
        Mandate(
            expert_id=expert.id,
            version="2026-11-30",
            language="fr",
            text_hash="h",
            mandatary="M",
            mandator="N",
            accepted_at=AT,
            accepted_by=account.id,
            address="192.0.2.1",
        ),
        WorkPaper(
            expert_id=expert.id,
            kind="rc_pro",
            file_id=f"certificate of {account.id}",
            issued_on=DAY,
            ends_on=DAY,
            uploaded_at=AT,
        ),
        OtherClients(expert_id=expert.id, account_id=account.id, attested_at=AT),
        PromoCode(expert_id=expert.id, code=f"{mark} code", made_at=AT),
        Referral(sponsor_expert_id=expert.id, referred_account_id=account.id, signed_up_at=AT),
        Reduction(
            id=f"{mark} reduction",
            expert_id=expert.id,
            kind="referral",
            share_bp=1,
            later_share_bp=1,
            earned_by=f"{mark} referral",
            earned_at=AT,
        ),
        ReductionUse(reduction_id=f"{mark} reduction", turn=1, reference=f"{mark} mission", share_bp=1, reserved_at=AT),
        LegalMention(expert_id=expert.id, title=f"{mark} clause", text=f"{mark} words", changed_at=AT),
        Sheet(
            id=f"theirs {account.id}",
            client_id=client_id,
            author_account_id=account.id,
            title=f"{mark} sheet",
            content={"context": f"{mark} context"},
            made_at=AT,
            changed_at=AT,
        ),
        SheetEdition(sheet_id=f"theirs {account.id}", number=1, content={"context": "mark"}, published_at=AT),
        StoredFile(
            id=f"sheet file of {account.id}",
            content=b"1",
            media_type="text/plain",
            size_bytes=1,
            sha256="",
            stored_at=AT,
        ),
        SheetFile(
            sheet_id=f"theirs {account.id}",
            place=1,
            name=f"{mark} attachment",
            size_bytes=1,
            file_id=f"sheet file of {account.id}",
            added_at=AT,
        ),
        Offer(
            sheet_id=f"theirs {account.id}",
            client_id=client_id,
            expert_id=expert.id,
            message=f"{mark} proposal",
            sent_at=AT,
            expires_at=AT,
        ),
        Shortlist(id=f"theirs {account.id}", client_id=client_id, name=f"{mark} list", made_at=AT, used_at=AT),
        ShortlistItem(
            shortlist_id=f"theirs {account.id}",
            expert_id="e9",
            position=1,
            added_at=AT,
            note=f"{mark} note",
            found_for=f"{mark} words of a pick",
            found_at_position=2,
            found_on=DAY,
        ),
        ShortlistComment(
            shortlist_id=f"theirs {account.id}", author="Léa", text=f"{mark} comment there", written_at=AT
        ),
        Shortlist(id=f"another {account.id}", token_hash=f"browser {account.id}", made_at=AT, used_at=AT),
        ShortlistItem(
            shortlist_id=f"another {account.id}", expert_id=expert.id, position=1, added_at=AT, note=f"{mark} noted"
        ),
        ShortlistComment(
            shortlist_id=f"another {account.id}",
            expert_id=expert.id,
            author="Léa",
            text=f"{mark} opinion",
            written_at=AT,
        ),
        ShortlistComment(shortlist_id=f"another {account.id}", author=account.name, text="Bien.", written_at=AT),
        ShortlistItem(
            shortlist_id=f"another {account.id}",
            expert_id="e8",
            position=2,
            added_at=AT,
            found_for=f"je cherche {account.name.casefold()}",
            found_at_position=1,
            found_on=DAY,
        ),
        Approach(client_id=client_id, expert_id="e9", query=f"{mark} words", position=2, found_on=DAY),
        Approach(client_id=client_id, expert_id=expert.id, query=f"{mark} way", position=1, found_on=DAY),
        Acceptance(account_id=account.id, document=f"{mark} terms", version="1", accepted_at=AT),
        AudienceDay(expert_id=expert.id, day=DAY, visitor_kind="company", impressions=3),
        ResultPage(
            id=page,
            shown_at=AT,
            query=f"je cherche {account.name}",
            draw_key="k",
            profile_id="p",
            arm="live",
            holdout_percent=0,
            **visitor,
        ),
        Impression(query_id=page, position=1, expert_id=expert.id, base=1, score=1),
        View(expert_id=expert.id, viewed_at=AT, **visitor),
        Review(expert_id=expert.id, **texts, **days),
        Notice(account_id=account.id, expert_id="other", **notice),
        Notice(notifier_email=account.email, notifier_name=account.name, expert_id="other", **notice),
        Notice(notifier_email="ben@example.org", expert_id=expert.id, **notice),
        StagedReview(expert_id=expert.id, batch="b", **texts, **days),
        StagedExpert(**staged, batch="b", line=f"{mark} line"),
        JudgedQuery(id=f"{mark} q", text=f"{account.name.casefold()} lyon", kind="name"),
        JudgedQuery(id="other", text="douane", kind="word"),
        Judgment(
            query_id="other", expert_ref=expert.ref, source="graded", author=f"{mark} author", grade=2, judged_at=AT
        ),
        EmptySearchRow(searched_on=DAY, key=f"{mark} k", query=account.name.casefold(), filters="", count=1),
        ShadowMoveRow(surface="search", live_id="l", shadow_id="s", expert_id=expert.id, times_left=1, times_entered=0),
        Embedding(
            encoder="e", text_hash=documents.hash_of(expert.headline, expert.skills, expert.summary), vector=b"12"
        ),
        MailRow(
            id=f"{mark} m1",
            key=f"{mark} m1",
            recipient=str(account.email),
            language="en",
            template="password_changed",
            values={"name": f"{mark} greeting"},
            written_at=AT,
            sent_at=AT,
        ),
        MailRow(
            id=f"another mail of {account.id}",
            key=f"email_changed {account.id} now",
            recipient="before@example.org",
            language="en",
            template="email_changed",
            values={"name": "A", "new_email": account.email},
            written_at=AT,
        ),
        Escrow(
            id=f"escrow of {account.id}",
            reference=f"mission of {account.id}",
            number=f"M {account.id}",
            number_key=f"M {account.id}",
            title="Maroc",
            payer_client_id=client_id,
            payee_expert_id=expert.id,
            currency="EUR",
            due_cents=100,
            opened_at=AT,
        ),
        Payment(
            escrow_id=f"escrow of {account.id}",
            provider="sandbox",
            kind="card",
            cents=100,
            currency="EUR",
            begun_by=account.id,
            begun_at=AT,
        ),
        Refund(
            escrow_id=f"escrow of {account.id}",
            reason="asked",
            cents=1,
            currency="EUR",
            consented_by=account.id,
            consented_from="2001:db8::1",
            asked_at=AT,
        ),
        ProviderUser(provider="sandbox", role="payer", party_id=client_id, made_at=AT),
        ProviderUser(id=f"owner of {account.id}", provider="sandbox", role="person", party_id=expert.id, made_at=AT),
        Transfer(
            id=f"transfer of {account.id}",
            escrow_id=f"escrow of {account.id}",
            payee_expert_id=expert.id,
            provider="sandbox",
            cents=100,
            fee_cents=12,
            currency="EUR",
            made_at=AT,
        ),
        BankAccount(
            id=f"account of {account.id}",
            expert_id=expert.id,
            owner_id=f"owner of {account.id}",
            provider="sandbox",
            country="FR",
            currency="EUR",
            ending="2606",
            number_hash="hash",
            made_at=AT,
        ),
        Payout(
            transfer_id=f"transfer of {account.id}",
            bank_account_id=f"account of {account.id}",
            expert_id=expert.id,
            provider="sandbox",
            cents=88,
            currency="EUR",
            made_at=AT,
            expected_on=DAY,
        ),
        OwnerDetails(
            expert_id=expert.id,
            kind="person",
            first_name=f"{mark} first",
            last_name=f"{mark} last",
            born_on=DAY,
            nationality="FR",
            residence="FR",
            line=f"{mark} lane",
            city="Nantes",
            postal_code="44000",
            country="FR",
            name=f"{mark} owner",
            given_at=AT,
        ),
        IdentityPaper(
            id=f"identity paper of {account.id}",
            expert_id=expert.id,
            user_id=f"owner of {account.id}",
            kind="identity",
            state="refused",
            explanation=f"{mark} unreadable",
            pages=1,
            given_at=AT,
            changed_at=AT,
        ),
        OwnershipDeclaration(
            id=f"declaration of {account.id}",
            expert_id=expert.id,
            user_id=f"owner of {account.id}",
            state="created",
            explanation=f"{mark} unknown",
            people=2,
            sealed=f"{mark} partner".encode(),
            given_at=AT,
            changed_at=AT,
        ),
        IdentityPage(paper_id=f"identity paper of {account.id}", place=1, sealed=mark.encode(), given_at=AT),
        BoostSubscription(
            id=f"boost of {account.id}",
            expert_id=expert.id,
            plan="month",
            price_cents=100,
            currency="EUR",
            made_at=AT,
        ),
        BoostCard(id=f"card of {account.id}", subscription_id=f"boost of {account.id}", provider="sandbox", made_at=AT),
        BoostCharge(
            subscription_id=f"boost of {account.id}",
            card_id=f"card of {account.id}",
            expert_id=expert.id,
            reason="first",
            plan="month",
            anchor_on=DAY,
            starts_on=DAY,
            ends_on=DAY.replace(day=2),
            price_cents=100,
            credit_cents=0,
            net_cents=100,
            tax_cents=20,
            tax_code="S",
            tax_rate_bp=2_000,
            currency="EUR",
            is_attended=True,
            provider="sandbox",
            made_at=AT,
        ),
        DocumentSeries(name=f"FAC-{account.id}", seller=expert.id, latest=1),
        AccountingDocument(
            id=f"document of {account.id}",
            kind="invoice",
            number=f"FAC-{account.id}-1",
            series=f"FAC-{account.id}",
            position=1,
            reference=f"mission of {account.id}",
            expert_id=expert.id,
            client_id=client_id,
            language="en",
            issued_on=DAY,
            issued_at=AT,
            currency="EUR",
            net_cents=100,
            tax_cents=20,
            gross_cents=120,
            content={"title": "kept by law, whoever it names"},
            content_hash="h",
        ),
        DocumentContest(
            document_id=f"document of {account.id}", expert_id=expert.id, reason="kept as well", contested_at=AT
        ),
        SandboxTransaction(
            id=f"wire of {account.id}",
            kind="wire",
            cents=1,
            currency="EUR",
            title=f"{mark} played",
            client_id=client_id,
            made_at=AT,
        ),
        SmsRow(
            id=f"{mark} s1",
            key=f"{mark} s1",
            account_id=account.id,
            recipient=str(account.phone),
            language="en",
            text=f"{mark} texted",
            written_at=AT,
        ),
        SmsRow(
            id=f"another sms of {account.id}",
            key=f"sms {account.id} now",
            account_id="another",
            recipient="+33600000000",
            language="en",
            text=f"{account.name} accepts",
            written_at=AT,
        ),
        Thread(
            id=f"thread of {account.id}",
            client_id=client_id,
            expert_id=expert.id,
            started_at=AT,
            last_at=AT,
            last_position=1,
        ),
        Message(
            id=f"message of {account.id}",
            thread_id=f"thread of {account.id}",
            position=1,
            side="client",
            author_account_id=account.id,
            body=f"{mark} words",
            folded=f"{mark} words",
            sent_at=AT,
        ),
        MessageFile(
            message_id=f"message of {account.id}",
            place=1,
            name=f"{mark} paper.txt",
            size_bytes=1,
            file_id=f"paper of {account.id}",
        ),
        ThreadMark(thread_id=f"thread of {account.id}", account_id=account.id, reply_key=f"{mark} t6"),
        MessageDraft(
            token_hash=f"{mark} t7",
            account_id=account.id,
            expert_id="e9",
            body=f"{mark} unsent",
            written_at=AT,
            found_for=f"{mark} words of a draft",
            found_at_position=3,
            found_on=DAY,
        ),
        MessageDraft(
            token_hash=f"t10 {account.id}",
            expert_id="e8",
            body="Bonjour",
            written_at=AT,
            found_for=account.name.casefold(),
            found_at_position=1,
            found_on=DAY,
        ),
        MessageDraft(token_hash=f"{mark} t8", expert_id=expert.id, body=f"{mark} asked of one", written_at=AT),
        ReceivedMail(
            key=f"{mark} t9",
            thread_id=f"thread of {account.id}",
            account_id=account.id,
            outcome="held",
            sender=f"{mark}@elsewhere",
            file_id=f"held of {account.id}",
            received_at=AT,
        ),
        OutboxRow(
            topic="expert.changed", key=expert.id, recorded_at=AT, due_at=AT, is_dead=True, last_error=f"{mark} why"
        ),
    ]
    return found


def fill(session: Session, account: Account, mark: str) -> None:
    """Give somebody a row in every table."""
    client = Client(
        is_person=False,
        name=f"{mark} client",
        address=f"{mark} street",
        iban=f"{mark} iban",
        created_at=AT,
        vat_proof={"name": f"{mark} vat"},
        billing_name=f"{mark} billing",
        billing_email=f"{mark}@billing",
    )
    expert = session.get_one(Expert, account.expert_id)
    expert.sqlmodel_update({**expert_columns(mark), "is_visible": True})
    session.add_all([client, expert])
    session.flush()
    session.add(Membership(account_id=account.id, client_id=client.id, role=Role.OWNER.value, joined_at=AT))
    for row in rows_of(account, expert, client.id, mark):
        session.merge(row)
        session.flush()
    audits.record(session, Actor(ActorKind.ACCOUNT, account.id), "exported", "account", account.id, at=AT, note="told")


def dump(database: Database) -> dict[str, list[str]]:
    """Return every row of every table, in words."""
    with database.reading() as session:
        return {
            table.name: sorted(str(dict(row)) for row in session.execute(select(table)).mappings())
            for table in tables.metadata.sorted_tables
        }


def naming(database: Database, *words: str) -> list[str]:
    """Return the rows, with their table, in which one of some words stands."""
    return [
        f"{table}: {row}"
        for table, rows in dump(database).items()
        for row in rows
        if any(word.casefold() in row.casefold() for word in words)
    ]


def two_people(database: Database) -> tuple[Account, Account]:
    """Return two experts for whom every table holds something."""
    found: list[Account] = []
    people = (("Zéphyrine Quatrefages", "mark-one", "+33612345678"), ("Otto Andersen", "mark-two", "+33698765432"))
    for name, mark, phone in people:
        account = signed_in.make(
            database,
            AccountKind.EXPERT,
            name,
            email=f"{mark}@example.org",
            phone=phone,
            password_hash=PASSWORD_HASH,
            notifications={f"{mark} topic": True},
        )
        with database.writing() as session:
            fill(session, account, mark)
        found.append(account)
    return found[0], found[1]
