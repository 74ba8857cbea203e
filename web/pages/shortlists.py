"""The shortlist's page, and the page that whoever has its link sees."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from accounts import picks
from accounts.experts import Profile
from accounts.models.shortlists import Shortlist, ShortlistComment
from accounts.shared_shortlists import (
    LONGEST_AUTHOR,
    LONGEST_NAME,
    LONGEST_TEXT,
    Comment,
)
from accounts.shortlists import Entry
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from taxonomy.wordlists import Wordlists
from web.pages import cards, comparisons

FULL = message(
    "%(most)s experts are what one can compare in an afternoon. Take one off the list before you add another."
)
_TOO_LONG = message("At most %(max_length)s characters are possible.")
_MISSING = message("A value is expected.")


@dataclass(frozen=True)
class Reading:
    """What pages about a list need: its rows, the profiles, and in whose words to put them."""

    shortlist: Shortlist | None
    entries: Sequence[Entry]
    comments: Sequence[ShortlistComment]
    wordlists: Wordlists
    language: Language
    today: date


@dataclass(frozen=True)
class Refused:
    """A form that could not be taken: what was typed, and what is wrong with it."""

    typed: dict[str, str] = field(default_factory=dict[str, str])
    faults: Sequence[Fault] = ()

    @property
    def by_field(self) -> dict[str, str]:
        """Return each fault's sentence by its field."""
        return {fault.field: fault.message for fault in self.faults}


def context(
    reading: Reading,
    *,
    left_out: Sequence[Profile],
    removed: Profile | None,
    share_url: str | None,
    refused: Refused,
    back_url: str | None,
) -> dict[str, Any]:
    """Return the values of the owner's page."""
    shared = reading.shortlist
    return {
        "experts": _entries(reading, refused),
        "gone": [entry.pick.expert_id for entry in reading.entries if entry.profile is None],
        "most": picks.MOST,
        "longest_note": picks.LONGEST_NOTE,
        "most_compared": comparisons.MOST,
        "left_out": [cards.link(profile.expert) for profile in left_out],
        "removed": cards.link(removed.expert) if removed else None,
        "list_name": refused.typed.get("name", shared.name if shared else ""),
        "longest_name": LONGEST_NAME,
        "share_url": share_url,
        "share_ends_on": shared.share_ends_at.date() if shared and shared.share_ends_at else None,
        "comments": _comments(reading),
        "faults": refused.by_field,
        "back_url": back_url,
    }


def shared_context(reading: Reading, path: str, refused: Refused) -> dict[str, Any]:
    """Return the values of the page that a link opens: of its owner it knows the list's name."""
    shown = [_card(reading, entry.profile) for entry in reading.entries if entry.profile]
    comments = _comments(reading)
    return {
        "list_name": reading.shortlist.name if reading.shortlist else "",
        "experts": [
            {**card, "comments": [comment for comment in comments if comment["expert_id"] == card["id"]]}
            for card in shown
        ],
        "gone": len(reading.entries) - len(shown),
        "comments": [comment for comment in comments if comment["expert_id"] is None],
        "action": path,
        "typed": refused.typed,
        "faults": refused.by_field,
        "longest_author": LONGEST_AUTHOR,
        "longest_text": LONGEST_TEXT,
    }


def full_fault(language: Language) -> Fault:
    """Say that a list has no room."""
    return Fault("expert", "shortlist_full", translate(language, FULL, most=picks.MOST))


def read_note(text: str, language: Language) -> str:
    """Return a note as it is kept, or raise Invalid."""
    note = text.strip()
    _check_length("note", note, picks.LONGEST_NOTE, language)
    return note


def read_name(text: str, language: Language) -> str:
    """Return a list's name as it is kept, or raise Invalid; it may have none."""
    name = one_line(text)
    _check_length("name", name, LONGEST_NAME, language)
    return name


def read_comment(form: dict[str, str], language: Language) -> Comment:
    """Return a posted comment, or raise Invalid with every fault."""
    author, text = one_line(form.get("author", "")), form.get("text", "").strip()
    faults: list[Fault] = []
    for name, value, longest in (("author", author, LONGEST_AUTHOR), ("text", text, LONGEST_TEXT)):
        if not value:
            faults.append(Fault(name, "missing", translate(language, _MISSING)))
        elif len(value) > longest:
            faults.append(Fault(name, "string_too_long", translate(language, _TOO_LONG, max_length=longest)))
    if faults:
        raise Invalid(faults)
    opinion = form.get("opinion")
    expert_id = form.get("expert") or None
    return Comment(author, text, expert_id, opinion if expert_id and opinion in {"for", "against"} else None)


def one_line(text: str) -> str:
    """Return a text without line breaks and signs that can't be seen."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _check_length(name: str, text: str, longest: int, language: Language) -> None:
    if len(text) > longest:
        raise Invalid([Fault(name, "string_too_long", translate(language, _TOO_LONG, max_length=longest))])


def _entries(reading: Reading, refused: Refused) -> list[dict[str, Any]]:
    typed = refused.typed.get("note") if "note" in refused.by_field else None
    found: list[dict[str, Any]] = []
    for place, entry in enumerate(reading.entries):
        if entry.profile is None:
            continue
        is_refused = typed is not None and refused.typed.get("expert") == entry.pick.expert_id
        found.append(
            {
                **_card(reading, entry.profile),
                "note": typed if is_refused else entry.pick.note,
                "note_fault": refused.by_field["note"] if is_refused else None,
                "is_first": place == 0,
                "is_last": place == len(reading.entries) - 1,
                "is_checked": place < comparisons.MOST,
            }
        )
    return found


def _card(reading: Reading, profile: Profile) -> dict[str, Any]:
    return cards.profile(profile, reading.wordlists, reading.language, reading.today)


def _comments(reading: Reading) -> list[dict[str, Any]]:
    """Return comments on who is still shown, and on the whole list."""
    names = {entry.profile.expert.id: entry.profile.expert.name for entry in reading.entries if entry.profile}
    return [
        {
            "id": comment.id,
            "author": comment.author,
            "text": comment.text,
            "opinion": comment.opinion,
            "expert_id": comment.expert_id,
            "expert_name": names.get(comment.expert_id) if comment.expert_id else None,
            "on": _day(comment.written_at),
        }
        for comment in reading.comments
        if comment.expert_id is None or comment.expert_id in names
    ]


def _day(at: datetime) -> date:
    return at.date()
