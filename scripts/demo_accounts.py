"""The accounts of a demonstration. Repeating it makes what is missing, and changes nothing else."""

from datetime import datetime, timedelta

from pyotp import random_base32
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, passwords, registrations, shortlists
from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from accounts.models.experts import Expert
from accounts.registrations import Registration
from accounts.second_factors import PURPOSE
from accounts.shortlist_rows import Owner
from foundation import keys
from foundation.database import Database
from foundation.settings import Settings
from search_api import saved_searches
from search_api.models import Frequency
from search_api.requests import Parameters
from web.demo_people import PASSWORD, PEOPLE, Person

PHONE = "+33123456789"
OWN_REF = "E001"
"""Whose profile the demonstration's expert owns."""
SHORTLISTED = ("E001", "E002", "E003")


def add(settings: Settings, database: Database, at: datetime) -> None:
    """Make the people who are not there yet."""
    password_hash = passwords.hashed(PASSWORD)
    for person in PEOPLE:
        with database.writing() as session:
            if accounts.find_by_email(session, person.email) is None:
                _make(session, settings, person, password_hash, at)


def _make(session: Session, settings: Settings, person: Person, password_hash: str, at: datetime) -> None:
    registration = Registration(person.kind, person.name, "", person.email, PHONE, "fr", PASSWORD)
    account = registrations.create_bare(session, registration, password_hash, at=at)
    account.email_confirmed_at = at
    if person.kind is AccountKind.OPERATOR:
        account.second_factor_secret = keys.encrypt(settings, PURPOSE, random_base32())
        account.second_factor_since = at
    elif person.kind is AccountKind.EXPERT:
        expert = session.execute(select(Expert).where(col(Expert.ref) == OWN_REF)).scalar_one()
        if accounts.owner_of(session, expert.id) is None:
            accounts.give_profile(session, account, expert.id)
    else:
        _equip(session, account, at)


def _equip(session: Session, account: Account, at: datetime) -> None:
    """Give a company what somebody who looks for experts has after a while."""
    client = Client(is_person=False, name="Cidres de l’Estran", country="FR", legal_form="SAS", created_at=at)
    session.add(client)
    session.flush()
    session.add(Membership(account_id=account.id, client_id=client.id, role=Role.OWNER.value, joined_at=at))
    found = session.execute(select(Expert).where(col(Expert.ref).in_(SHORTLISTED)).order_by(col(Expert.ref))).scalars()
    for minutes, expert in enumerate(found):
        shortlists.add(session, Owner(client_id=client.id), expert.id, at=at + timedelta(minutes=minutes))
    parameters = Parameters(q="importateurs boissons", country=["JP"])
    name = "Importateurs au Japon"
    saved_searches.save(session, account.id, name, parameters, Frequency.WEEKLY, found_now=[], at=at)
