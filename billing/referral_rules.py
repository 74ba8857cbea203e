"""When a referral earns something, decided by values (mission row S17): not by oneself, one's company, or a circle."""

from collections.abc import Collection
from dataclasses import dataclass

from billing.models.reductions import Refusal

_EVERYBODYS = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr hotmail.co.uk live.com live.fr msn.com
    yahoo.com yahoo.fr yahoo.co.uk yahoo.de yahoo.es yahoo.it ymail.com icloud.com me.com mac.com aol.com proton.me
    protonmail.com pm.me gmx.com gmx.de gmx.net gmx.fr web.de t-online.de freenet.de mail.com mail.ru yandex.com
    yandex.ru orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr libero.it virgilio.it
    tiscali.it telefonica.net terra.es sapo.pt ziggo.nl kpnmail.nl telenet.be skynet.be bluewin.ch fastmail.com zoho.com
    tutanota.com tuta.io posteo.de mailbox.org qq.com 163.com 126.com naver.com rediffmail.com
    example.com example.net example.org
    """.split()
)
"""Where anybody may have an address: two of them have nothing in common. The last three are nobody's (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether two of them are the same, or the same company."""

    accounts: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    """Of registers and for VAT; see `accounts.company_numbers.numbers_of`."""
    domains: frozenset[str] = frozenset()
    """Of email addresses, if they are a company's own; see `domains_of`."""
    clients: frozenset[str] = frozenset()
    """For whom they act."""


def refuse(
    sponsor: Known, referred: Known, *, sponsors_before: Collection[str], is_known_already: bool
) -> Refusal | None:
    """Return why a referral earns nothing; None where it does.

    `sponsors_before` are the accounts by whom the sponsor was referred, and those by whom they were. `is_known_already`
    says that whoever was referred was here before, under another account.
    """
    if sponsor.accounts & referred.accounts or sponsor.phones & referred.phones:
        return Refusal.SELF
    if shares_company(sponsor, referred):
        return Refusal.SAME_COMPANY
    if referred.accounts & frozenset(sponsors_before):
        return Refusal.CIRCULAR
    return Refusal.KNOWN_ALREADY if is_known_already else None


def counts(sponsor: Known, referred: Known, other_side: Known) -> bool:
    """Tell whether a transaction counts as somebody's first: not one with the sponsor, or with oneself."""
    return not any(is_same(party, other_side) for party in (sponsor, referred))


def is_same(one: Known, other: Known) -> bool:
    """Tell whether two are one person or one company."""
    return bool(one.accounts & other.accounts or one.phones & other.phones) or shares_company(one, other)


def shares_company(one: Known, other: Known) -> bool:
    """Tell whether two belong to one company."""
    return bool(one.numbers & other.numbers or one.domains & other.domains or one.clients & other.clients)


def domains_of(email: str | None) -> frozenset[str]:
    """Return the domain of an address where it tells something."""
    domain = (email or "").rpartition("@")[2]
    return frozenset({domain} if domain and domain not in _EVERYBODYS else ())
