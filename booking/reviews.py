"""Reviews of missions: a client is invited, never obliged, to rate each skill that a mission used (mission row S4).

They come from validated missions alone, one for each skill, and may be changed by their client for some days. Nothing
of the client is shown beside them without its consent but what kind it is, where, and in which trade.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.audience_days import ZONE
from accounts.models.accounts import Client
from accounts.models.experts import Expert, Review, ReviewOrigin
from accounts.sign_ins import SignedIn
from booking import agreements, mission_news, missions
from booking.events import REVIEW_CHANGED
from booking.lifecycle import MissionState, Party
from booking.models.missions import Mission
from booking.models.reviews import MissionReview
from foundation import audits, outbox
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate

KIND = "review"
RATINGS = range(1, 6)
LONGEST_COMMENT = 2_000
LONGEST_REPLY = 1_000
LONGEST_PLACE = 80
WRITTEN_WITHIN = timedelta(days=60)
"""After the validation."""
CHANGED_WITHIN = timedelta(days=14)
"""After a review was written first; later only an operator takes one out, for reasons (`accounts.notices`)."""
_RATED = frozenset({MissionState.VALIDATED, MissionState.CLOSED})


@dataclass(frozen=True, slots=True)
class Rating:
    """What a client says of one skill."""

    skill: str
    rating: int
    comment: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What was posted, in order."""

    ratings: tuple[Rating, ...]
    shows_name: bool
    place: str
    sector: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a profile shows beside a review of a mission."""

    is_person: bool
    name: str
    """Empty where the client does not agree to be named."""
    country: str | None
    place: str
    sector: str
    reply: str
    replied_at: datetime | None


def check(form: Mapping[str, str], skills: Sequence[str], language: Language) -> Draft:
    """Return what was posted of the skills of a mission, or raise Invalid. Whatever is not rated is left out. Pure."""
    faults: list[Fault] = []
    found: list[Rating] = []
    for place, skill in enumerate(skills):
        given, comment = form.get(f"rating-{place}", ""), form.get(f"review-{place}", "").strip()
        if len(comment) > LONGEST_COMMENT:
            faults.append(_too_long(f"review-{place}", language))
        if not given and not comment:
            continue
        if given not in {str(rating) for rating in RATINGS}:
            said = message("Please choose from 1 to 5, or leave this skill out.")
            faults.append(Fault(f"rating-{place}", "bad_rating", translate(language, said)))
            continue
        found.append(Rating(skill, int(given), comment))
    texts = {name: " ".join(form.get(name, "").split()) for name in ("place", "sector")}
    faults += [_too_long(name, language) for name, text in texts.items() if len(text) > LONGEST_PLACE]
    if faults:
        raise Invalid(faults)
    return Draft(tuple(found), form.get("shows_name") == "on", texts["place"], texts["sector"])


def may_write(mission: Mission, review: MissionReview | None, *, at: datetime) -> bool:
    """Tell whether a client may rate a skill of a mission now, or change what it said of it. Pure."""
    if mission.state not in _RATED or mission.validated_at is None:
        return False
    return at < (mission.validated_at + WRITTEN_WITHIN if review is None else review.written_at + CHANGED_WITHIN)


def write(session: Session, who: SignedIn, mission_id: str, draft: Draft, *, at: datetime) -> int:
    """Keep what a client says of a validated mission, new or changed; return how many skills that were.

    Raises Conflict where there is nothing to rate, or it is too late.
    """
    mission, party = missions.take(session, who, mission_id)
    if party is not Party.CLIENT:
        raise NotFound("the client rates a mission")
    if mission.state not in _RATED:
        raise Conflict("only a validated mission is rated")
    expert = session.get(Expert, mission.expert_id)
    if expert is None:
        raise Conflict("the expert's profile is gone")
    kept = of_mission(session, mission.id)
    for rating in draft.ratings:
        row = kept.get(rating.skill)
        if not may_write(mission, row, at=at):
            raise Conflict("it is too late to rate this")
        if row is None:
            _add(session, who, mission, rating, draft, at)
        else:
            _change(session, row, rating, draft)
    if draft.ratings:
        experts.change(session, expert.ref, {}, at=at)
        outbox.record(session, REVIEW_CHANGED, [mission.id])
        audits.record(session, who.actor, "reviewed", "mission", mission.id, at=at, count=len(draft.ratings))
        mission_news.tell_expert(session, mission, "review_written", at=at, anchor="reviews")
    return len(draft.ratings)


def reply(session: Session, who: SignedIn, review_id: str, text: str, language: Language, *, at: datetime) -> Mission:
    """Keep what an expert answers to a review, to be shown below it; an empty text takes the answer back."""
    text = text.strip()
    if len(text) > LONGEST_REPLY:
        raise Invalid([_too_long("reply", language)])
    row = None if "\0" in review_id else session.get(MissionReview, review_id, with_for_update=True)
    mission = session.get(Mission, row.mission_id) if row else None
    if row is None or mission is None or missions.party_of(mission, who) is not Party.EXPERT:
        raise NotFound("there is no such review")
    row.reply, row.replied_at = text, at if text else None
    session.add(row)
    audits.record(session, who.actor, "replied", KIND, review_id, at=at)
    return mission


def of_mission(session: Session, mission_id: str) -> dict[str, MissionReview]:
    """Return what binds the reviews of a mission, by skill."""
    statement = select(MissionReview).where(col(MissionReview.mission_id) == mission_id)
    return {row.skill: row for row in session.execute(statement).scalars()}


def origins(session: Session, review_ids: Sequence[str]) -> dict[str, Origin]:
    """Return what may be shown beside those of some reviews that come from missions, by their ids."""
    statement = (
        select(MissionReview, Client)
        .join(Client, col(Client.id) == col(MissionReview.client_id))
        .where(col(MissionReview.review_id).in_(list(review_ids)))
    )
    return {row.review_id: _origin(row, client) for row, client in session.execute(statement)}


def skills_of(session: Session, mission: Mission) -> tuple[str, ...]:
    """Return the skills that a mission used."""
    return agreements.skills(missions.accepted_version(session, mission))


def _origin(row: MissionReview, client: Client) -> Origin:
    is_named = row.shows_name and client.erased_at is None
    return Origin(
        is_person=client.is_person,
        name=client.name if is_named else "",
        country=client.country,
        place=row.place,
        sector=row.sector,
        reply=row.reply,
        replied_at=row.replied_at,
    )


def _add(session: Session, who: SignedIn, mission: Mission, rating: Rating, draft: Draft, at: datetime) -> None:
    today = at.astimezone(ZONE).date()
    ended_on = mission.ended_at.astimezone(ZONE).date() if mission.ended_at else today
    review = Review(
        expert_id=mission.expert_id,
        skill=rating.skill,
        rating=rating.rating,
        comment=rating.comment or None,
        experienced_on=ended_on,
        published_on=today,
        origin=ReviewOrigin.MISSION.value,
    )
    session.add(review)
    session.flush()
    row = MissionReview(
        review_id=review.id,
        mission_id=mission.id,
        skill=rating.skill,
        client_id=mission.client_id,
        author_account_id=who.account_id,
        written_at=at,
    )
    _describe(row, draft)
    session.add(row)
    session.flush()


def _change(session: Session, row: MissionReview, rating: Rating, draft: Draft) -> None:
    review = session.get_one(Review, row.review_id)
    review.rating, review.comment = rating.rating, rating.comment or None
    _describe(row, draft)
    session.add_all([review, row])
    session.flush()


def _describe(row: MissionReview, draft: Draft) -> None:
    row.shows_name, row.place, row.sector = draft.shows_name, draft.place, draft.sector


def _too_long(field: str, language: Language) -> Fault:
    return Fault(field, "too_long", translate(language, message("This is too long.")))
