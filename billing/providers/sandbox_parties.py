"""Users and wallets of the simulated provider: nobody has to do anything, papers decide who is verified."""

from sqlalchemy import ColumnElement, case, delete, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.provider_parties import PAYER, ProviderUser
from billing.models.sandbox import (
    SandboxDeclaration,
    SandboxMovement,
    SandboxPage,
    SandboxPaper,
    SandboxTransaction,
    SandboxUser,
    SandboxWallet,
)
from billing.provider_states import DeclarationState, OwnerKind, PaperKind, PaperState, PayoutState, UserState
from billing.providers.parties import OwnerRequest, PayerRequest, User, Wallet, WalletRequest
from billing.providers.resources import PAPER, REFUND
from billing.providers.sandbox_rows import NAME, RETURNED, make, tell
from foundation import clock
from foundation.database import Database

ASKED_PAPERS = {
    OwnerKind.PERSON: frozenset({PaperKind.IDENTITY}),
    OwnerKind.SOLE_TRADER: frozenset({PaperKind.IDENTITY, PaperKind.REGISTRATION}),
    OwnerKind.BUSINESS: frozenset({PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES}),
}
"""What an owner has to prove before money is paid out."""
DECLARING = frozenset({OwnerKind.BUSINESS})
"""Who has to declare to whom they belong as well."""
_LEFT = (PayoutState.CREATED.value, PayoutState.SUCCEEDED.value)


class SandboxParties:
    """Users and wallets."""

    _database: Database

    def register_payer(self, request: PayerRequest) -> User:
        """Make a client known."""
        made = make(self._database, SandboxUser(key=request.key, role=PAYER, made_at=clock.now()))
        return User(made.id, UserState.ACTIVE)

    def register_owner(self, request: OwnerRequest) -> User:
        """Make an expert known, at once."""
        made = make(self._database, SandboxUser(key=request.key, role=request.kind.value, made_at=clock.now()))
        return self.fetch_user(made.id) or User(made.id, UserState.ACTIVE)

    def update_owner(self, provider_id: str, request: OwnerRequest) -> User:
        """Take a correction: as nobody here knows of what, the proof of identity is outdated by it."""
        del request
        self._database.write(lambda session: _outdate_identity(session, provider_id))
        return self.fetch_user(provider_id) or User(provider_id, UserState.CLOSED)

    def fetch_user(self, provider_id: str) -> User | None:
        """Return a user; verified is an owner all of whose papers, and whose declaration, were validated."""
        with self._database.reading() as session:
            found = session.get(SandboxUser, provider_id)
            return User(found.id, UserState.ACTIVE, is_verified(session, found)) if found else None

    def open_wallet(self, request: WalletRequest) -> Wallet:
        """Give a user a wallet."""
        fresh = SandboxWallet(key=request.key, user_id=request.user_id, currency=request.currency, made_at=clock.now())
        made = make(self._database, fresh)
        return self.fetch_wallet(made.id) or Wallet(made.id, made.currency, 0)

    def fetch_wallet(self, provider_id: str) -> Wallet | None:
        """Return a wallet with what is in it."""
        with self._database.reading() as session:
            found = session.get(SandboxWallet, provider_id)
            return Wallet(found.id, found.currency, balance(session, found)) if found else None


def _outdate_identity(session: Session, user_id: str) -> None:
    is_it = (col(SandboxPaper.user_id) == user_id, col(SandboxPaper.kind) == PaperKind.IDENTITY.value)
    is_judged = col(SandboxPaper.state).in_([PaperState.ASKED.value, PaperState.VALIDATED.value])
    for paper in session.execute(select(SandboxPaper).where(*is_it, is_judged).with_for_update()).scalars().all():
        paper.state = PaperState.OUTDATED.value
        session.execute(delete(SandboxPage).where(col(SandboxPage.paper_id) == paper.id))
        tell(session, PAPER, paper.id)


def is_verified(session: Session, user: SandboxUser) -> bool:
    """Tell whether all that an owner has to prove is validated; payers prove nothing, and are paid nothing."""
    if user.role == PAYER or (OwnerKind(user.role) in DECLARING and not _is_declared(session, user)):
        return False
    valid = select(col(SandboxPaper.kind)).where(
        col(SandboxPaper.user_id) == user.id, col(SandboxPaper.state) == PaperState.VALIDATED.value
    )
    return {kind.value for kind in ASKED_PAPERS[OwnerKind(user.role)]} <= set(session.execute(valid).scalars())


def _is_declared(session: Session, user: SandboxUser) -> bool:
    is_valid = col(SandboxDeclaration.state) == DeclarationState.VALIDATED.value
    found = select(col(SandboxDeclaration.id)).where(col(SandboxDeclaration.user_id) == user.id, is_valid).limit(1)
    return session.execute(found).scalar_one_or_none() is not None


def balance(session: Session, wallet: SandboxWallet) -> int:
    """Return what is in a wallet: what was paid in or released to it, less what left it or is about to."""
    is_refund = col(SandboxTransaction.kind) == REFUND
    paid = select(
        func.coalesce(
            func.sum(
                case(
                    (is_refund & (func.coalesce(col(SandboxTransaction.failure), "") == RETURNED), 0),
                    (is_refund, -col(SandboxTransaction.cents)),
                    else_=col(SandboxTransaction.cents) - col(SandboxTransaction.fee_cents),
                )
            ),
            0,
        )
    ).where(
        payments_of(session, wallet),
        col(SandboxTransaction.currency) == wallet.currency,
        col(SandboxTransaction.state) == PaymentState.SUCCEEDED.value,
        col(SandboxTransaction.arrives_at).is_(None),
    )
    came = select(func.coalesce(func.sum(col(SandboxMovement.cents) - col(SandboxMovement.fee_cents)), 0)).where(
        col(SandboxMovement.to_wallet_id) == wallet.id, col(SandboxMovement.state) == PayoutState.SUCCEEDED.value
    )
    left = select(func.coalesce(func.sum(col(SandboxMovement.cents)), 0)).where(
        col(SandboxMovement.from_wallet_id) == wallet.id, col(SandboxMovement.state).in_(_LEFT)
    )
    return int(
        session.execute(paid).scalar_one() + session.execute(came).scalar_one() - session.execute(left).scalar_one()
    )


def payments_of(session: Session, wallet: SandboxWallet) -> ColumnElement[bool]:
    """Return the condition that a transaction went into a wallet or was refunded from it.

    Wires come to the wallet of whoever sent them, whether or not they say what for.
    """
    owners = select(col(ProviderUser.party_id)).where(
        col(ProviderUser.provider) == NAME,
        col(ProviderUser.provider_id) == wallet.user_id,
        col(ProviderUser.role) == PAYER,
    )
    client_id = session.execute(owners).scalar_one_or_none()
    wires = (col(SandboxTransaction.kind) == PaymentKind.WIRE.value) & (col(SandboxTransaction.client_id) == client_id)
    into = or_(col(SandboxTransaction.wallet_id) == wallet.id, wires)
    refunded = select(col(SandboxTransaction.id)).where(into)
    return or_(into, col(SandboxTransaction.refunded_id).in_(refunded))
