"""Every route has its rule, and each kind of people is tried at each of them."""

import re
from collections.abc import Iterable, Iterator

import pytest

from tests import two_sides
from tests.builders import full_record, record, site
from tests.gates import (
    MAY,
    MOUNTED,
    NASTY,
    PARAMETERS,
    ROUTES,
    RULES,
    TABLE,
    UNSAFE,
    Rule,
    Tried,
    filled,
    form_of,
    is_refused,
    leaves,
    secrets_in,
)
from tests.two_sides import ROLES

LOOK_AROUND = {"anonymous", "owner", "private", "expert", "suspended expert", "half signed in"}
"""Who is tried where everybody may come in: those to whom such a page may show something of their own."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    review = {"skill": "Douane", "rating": 5, "on": "2026-03-14", "comment": "Bien."}
    shown = full_record("H001", visible=True, available=True, reviews=[review])
    with site(tmp_path_factory.mktemp("gates"), [shown, record("H002")], search_per_second=1_000_000) as client:
        client.headers["Accept-Language"] = "en"
        yield Tried(client)


def test_every_route_has_its_rule(tried: Tried) -> None:
    found = list(leaves(tried.client.app.routes))  # pyright: ignore[reportAttributeAccessIssue]
    assert {path for method, path in found if method == "MOUNT"} == MOUNTED
    routes = {f"{method} {path}" for method, path in found if method != "MOUNT"}
    assert routes - set(RULES) == set(), "give these a rule in TABLE"
    assert set(RULES) - routes == set(), "these are no routes any more"
    assert len(RULES) == sum(len(re.split(r"\s{2,}", lines.strip())) for lines in TABLE.values())


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_come_in_is_refused_learns_and_changes_nothing(tried: Tried, role: str) -> None:
    before, form = tried.rows(), form_of(tried.one, tried.shown)
    for method, path in ROUTES:
        rule = RULES[f"{method} {path}"]
        if rule not in MAY or role in MAY[rule]:
            continue
        if rule is Rule.FILE and role == "operator" and ("letter" in path or "paper" in path):
            continue
        answer = tried.ask(tried.other, role, method, filled(path, tried.one, tried.shown), form)
        assert is_refused(answer, role, rule), f"{role}: {method} {path}: {answer.status_code} {answer.headers}"
        assert secrets_in(answer, tried.one) == [], f"{role}: {method} {path}"
    assert tried.rows() == before


@pytest.mark.parametrize("role", [role for role in ROLES if role != "operator"])
def test_who_may_come_in_learns_and_changes_nothing_of_others(tried: Tried, role: str) -> None:
    before, form = tried.rows_of(tried.one), form_of(tried.one, tried.shown)
    for method, path in ROUTES:
        rule, told = RULES[f"{method} {path}"], f"{role}: {method} {path}"
        if rule is Rule.SHARED or (rule in MAY and role not in MAY[rule]):
            continue
        if rule not in MAY and role not in LOOK_AROUND:
            continue
        token = {"token": "x" * 43} if rule is Rule.MAILED else {}
        answer = tried.ask(tried.other, role, method, filled(path, tried.one, tried.shown, **token), {**form, **token})
        assert answer.status_code in {200, 303, 404, 409, 422, 429} or "second-factor" in path, told
        assert "sign-in" not in answer.headers.get("location", "") or rule in {Rule.EVERYBODY, Rule.MAILED}, told
        assert secrets_in(answer, tried.one, form.values()) == [], told
        is_personal = rule not in {Rule.EVERYBODY, Rule.MAILED} or path == "/shortlist"
        if is_personal and method == "GET" and answer.status_code == 200:
            assert "no-store" in answer.headers["Cache-Control"], told
            assert answer.headers["X-Robots-Tag"] == "noindex", told
    assert before - tried.rows_of(tried.one) == set()


def test_their_owners_are_shown_them(tried: Tried) -> None:
    """What the tests before look for on others' pages stands on its owner's."""
    seen: dict[str, set[str]] = {}
    for role in ("owner", "buyer", "viewer", "private", "expert", "operator"):
        for method, path in ROUTES:
            rule = RULES[f"{method} {path}"]
            if method != "GET" or (rule in MAY and rule is not Rule.FILE and role not in MAY[rule]):
                continue
            answer = tried.ask(tried.one, role, method, filled(path, tried.one, tried.shown))
            if answer.status_code == 200 and (found := secrets_in(answer, tried.one)):
                seen.setdefault(path, set()).update(found)
                assert not (role in {"buyer", "viewer"} and two_sides.IBANS[tried.one.mark] in found), path
    iban, figure = two_sides.IBANS[tried.one.mark], two_sides.SEEN[tried.one.mark]
    assert iban in seen["/account/company"]
    assert figure in seen["/my/audience"]
    owned = {"/account", "/my/profile", "/my/identity", "/my/searches", "/shortlist", "/shortlist/shared/{token}"}
    owned |= {"/messages", "/messages/{thread_id}", "/missions", "/missions/{mission_id}"}
    owned |= {"/sheets", "/sheets/{sheet_id}", "/sheets/{sheet_id}/edit", "/offers", "/offers/{offer_id}"}
    files = {"/messages/files/{file_id}", "/letters/{letter_id}", "/portraits/{portrait}-{size_px:int}"}
    files |= {"/sheets/{sheet_id}/files/{sheet_file_id}", "/missions/{mission_id}/files/{report_file_id}"}
    files |= {"/quotes/{quote_id}/versions/{version:int}.pdf", "/missions/{mission_id}/purchase-order.pdf"}
    files |= {"/missions/{mission_id}/report.pdf", "/missions/{mission_id}/receipts/{receipt_id}.pdf"}
    told = {"/operator/people/{account_id}", "/operator/notices/{notice_id}", "/alerts/stop/{token}"}
    assert owned | files | told <= set(seen)


def test_a_shared_list_tells_no_more_than_it_should(tried: Tried) -> None:
    for role in ROLES:
        page = tried.ask(tried.other, role, "GET", f"/shortlist/shared/{tried.one.ids['shared']}")
        assert page.status_code == 200
        assert f"{tried.one.mark} list" in page.text
        for kept in (
            f"{tried.one.mark} note",
            f"{tried.one.mark} name",
            "@example.org",
            two_sides.IBANS[tried.one.mark],
        ):
            assert kept not in page.text, f"{role}: {kept}"
        assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.parametrize("role", ["anonymous", "owner", "buyer", "private", "expert"])
def test_what_is_anothers_is_as_if_it_were_not_there(tried: Tried, role: str) -> None:
    named = [(method, path) for method, path in ROUTES if any(f"{{{name}" in path for name in PARAMETERS)]
    own = form_of(tried.other, tried.shown)
    forms = {"account": "/account/company/colleagues/position", "comment": "/shortlist/comments/remove"}
    for method, path in [*named, *(("POST", path) for path in forms.values()), ("POST", "/shortlist/add")]:
        if "/shared/" in path or "/stop/" in path:
            continue
        answers = []
        for guess in (None, "0" * 36):
            wrong = dict.fromkeys(PARAMETERS, guess) if guess else {}
            theirs = form_of(tried.one, tried.shown)
            form = {**own, **{name: guess or theirs[name] for name in ("account", "comment", "expert")}}
            asked = filled(path, tried.one, tried.shown, **wrong)
            answer = tried.ask(tried.other, role, method, asked, form)
            sent = [*form.values(), asked, *asked.split("/")]
            location = answer.headers.get("location", "").partition("?")[0]
            answers.append((answer.status_code, location, without(answer.text, sent)))
        assert answers[0] == answers[1], f"{role}: {method} {path}"


def without(text: str, sent: Iterable[str]) -> str:
    """Return an answer without what it repeats of the request."""
    for part in sorted((part for part in sent if len(part) > 8), key=len, reverse=True):
        text = text.replace(part, "")
    return text


@pytest.mark.parametrize("role", ["owner", "expert", "operator"])
def test_odd_ids_are_refused_like_unknown_ones(tried: Tried, role: str) -> None:
    """No answer but these, and none of them a fault of ours."""
    for method, path in ROUTES:
        rule = RULES[f"{method} {path}"]
        if rule in MAY and rule is not Rule.FILE and role not in MAY[rule]:
            continue
        names = [name for name in (*PARAMETERS, "slug", "name", "action") if f"{{{name}" in path]
        for name in names:
            for odd in NASTY:
                answer = tried.ask(tried.other, role, method, filled(path, tried.other, tried.shown, **{name: odd}))
                told = f"{role}: {method} {path} {name}={odd[:20]} {answer.status_code}"
                assert answer.status_code in {303, 403, 404, 405, 422, 429}, told


def test_nothing_is_changed_for_another_sites_page(tried: Tried) -> None:
    before, form = tried.rows(), form_of(tried.one, tried.shown)
    signs = (
        ("owner", {"Sec-Fetch-Site": "cross-site"}),
        ("expert", {"Sec-Fetch-Site": "same-site"}),
        ("operator", {"Origin": "https://evil.example"}),
        ("private", {"Origin": "null"}),
    )
    for method, path in UNSAFE:
        for role, sign in signs:
            answer = tried.ask(tried.one, role, method, filled(path, tried.one, tried.shown), form, **sign)
            assert answer.status_code == 403, f"{role}: {method} {path} {sign}"
    assert tried.rows() == before


def test_other_methods_are_not_taken(tried: Tried) -> None:
    taken = {path: {method for method, other in ROUTES if other == path} for _, path in ROUTES}
    for path, methods in taken.items():
        for method in {"PUT", "DELETE", "OPTIONS", "POST"} - methods:
            # `/operator/skills/{action}` and their like take what is posted beside a page.
            answer = tried.ask(tried.one, "anonymous", method, filled(path, tried.one, tried.shown))
            assert answer.status_code in ({303, 404, 405} if method == "POST" else {404, 405}), f"{method} {path}"


@pytest.mark.parametrize("role", ["anonymous", "expert", "half signed in"])
def test_head_is_refused_where_get_is(tried: Tried, role: str) -> None:
    for method, path in ROUTES:
        if method == "GET" and RULES[f"GET {path}"] in {Rule.OPERATOR, Rule.CLIENTS, Rule.FILE}:
            answer = tried.ask(tried.other, role, "HEAD", filled(path, tried.one, tried.shown))
            assert is_refused(answer, role, RULES[f"GET {path}"]), path
            assert answer.content == b""
