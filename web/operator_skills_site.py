"""The addresses where operators name free skills, merge them into known ones, or leave them, and take that back."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from accounts import free_skills
from foundation import audits, clock
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import message, translate
from indexer import near_concepts
from taxonomy import decisions
from taxonomy.wordlists import Wordlists
from web import forms, free_skill_lists, operator_desk
from web.forms import Form
from web.rendering import language_of

PATH = f"{operator_desk.PATH}/skills"
KIND = "skill"
LISTED = 30
HISTORY = 20
_FAULTS = {
    "known_skill": message("This is a known skill already: merge into it."),
    "unknown_concept": message("This is no known skill. Give one of its names."),
    "no_words": message("A word is expected."),
    "too_long": message("This is too long."),
}
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def show(request: Request) -> Response:
    """List the skills that wait, and what was decided lately."""
    operator_desk.operator(request)
    return _page(request, {}, {})


@router.post("/undo")
def undo(request: Request, form: Form) -> Response:
    """Take back what was decided about a skill."""
    operator, skill = operator_desk.operator(request), form.get("skill", "")

    def work() -> None:
        with operator_desk.database(request).writing() as session:
            decision = decisions.undo(session, skill, author=operator.name, at=clock.now())
            audits.record(
                session, operator.actor, "skill_decision_undone", KIND, decision.key, at=clock.now(), kind=decision.kind
            )

    return operator_desk.act(PATH, "undone", work)


@router.post("/{action}")
def decide(request: Request, action: str, form: Form) -> Response:
    """Name a skill, merge it, or leave it as it is."""
    operator, skill, at = operator_desk.operator(request), form.get("skill", ""), clock.now()
    wordlists, author = request.app.state.index.wordlists.refresh(), operator.name
    if action not in _DONE:
        raise NotFound("there is no such action")
    try:
        with operator_desk.database(request).writing() as session:
            concept: str | None = None
            if action == "name":
                fr, en = form.get("fr", ""), form.get("en", "")
                concept = decisions.name(session, skill, fr=fr, en=en, wordlists=wordlists, author=author, at=at)
            elif action == "merge":
                into = form.get("concept", "")
                concept = decisions.merge(session, skill, into, wordlists=wordlists, author=author, at=at)
            else:
                decisions.ignore(session, skill, author=author, at=at)
            audits.record(session, operator.actor, _DONE[action], KIND, skill[:120], at=at, concept=concept)
    except Invalid as error:
        return _page(request, form, _said(request, error.faults), status=422)
    except Conflict:
        return forms.lead_on(PATH, done="overtaken")
    return forms.lead_on(PATH, done=action)


_DONE = {"name": "skill_named", "merge": "skill_merged", "ignore": "skill_ignored"}
"""What the audit log calls each."""


def _page(request: Request, form: dict[str, str], faults: dict[str, str], *, status: int = 200) -> Response:
    wordlists, language = _wordlists(request), language_of(request)
    with operator_desk.database(request).reading() as session:
        waiting = free_skill_lists.waiting(request, decisions.decisions(session))
        listed = waiting[:LISTED]
        spellings = free_skills.spellings(session, {skill.key for skill in listed}, wordlists)
        history = decisions.history(session)[:HISTORY]
    by_id = wordlists.skills.by_id
    context: dict[str, Any] = {
        "skills": [
            {
                "name": spellings.get(skill.key, skill.name),
                "experts": skill.experts,
                "near": [
                    by_id[near.id].label(language)
                    for near in near_concepts.by_letters(skill.name, wordlists)
                    if near.id in by_id
                ],
            }
            for skill in listed
        ],
        "waiting": len(waiting),
        "history": history,
        "form": form,
        "faults": faults,
    }
    return operator_desk.page(request, "skills.html", "skills", context, status=status)


def _said(request: Request, faults: list[Fault]) -> dict[str, str]:
    """Return faults in the reader's words: those of the commands are English and name commands."""
    language = language_of(request)
    return {fault.field: translate(language, _FAULTS.get(fault.code, fault.message)) for fault in faults}


def _wordlists(request: Request) -> Wordlists:
    return request.app.state.index.wordlists.current()
