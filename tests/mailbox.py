"""Reading the mails that an installation without a mail server writes into its folder."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests import builders

LINK = re.compile(r"https?://\S+")


def read(folder: Path, to: str) -> list[EmailMessage]:
    """Return the mails to an address, oldest first."""
    paths = sorted((folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [mail for mail in found if to in str(mail["to"])]  # pyright: ignore[reportReturnType]


def wait_for(folder: Path, to: str, *, count: int = 1) -> EmailMessage:
    """Return the latest mail to an address, once there are as many."""
    builders.eventually(lambda: len(read(folder, to)) >= count)
    return read(folder, to)[-1]


def link(mail: EmailMessage) -> str:
    """Return the path that the first link of a mail with a token leads to."""
    body = mail.get_body(("plain",))
    assert body
    paths = (urlsplit(address) for address in LINK.findall(body.get_content()))
    return next(f"{path.path}?{path.query}" for path in paths if "token=" in path.query)


def token(mail: EmailMessage) -> str:
    """Return the token of a mail's link."""
    return parse_qs(urlsplit(link(mail)).query)["token"][0]
