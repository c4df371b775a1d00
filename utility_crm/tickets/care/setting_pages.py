"""How tickets are cared for by themselves: promises, rules, answers, who is given what. For supervisors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.care.defaults import begin_with_the_usual
from utility_crm.tickets.care.queries import latest_runs, policy_lines, taker_lines
from utility_crm.tickets.care.rule_form import NEW_RULE, read_lines, rule_form, telling
from utility_crm.tickets.domain.life import KINDS, PRIORITIES
from utility_crm.tickets.domain.rules import ACTS, EVENTS
from utility_crm.tickets.macros.figures import offered
from utility_crm.tickets.macros.writing import keep_macro, macros, move_macro, switch_macro
from utility_crm.tickets.routing.giving import set_taker
from utility_crm.tickets.rules.dry_run import Touched, would_have_touched
from utility_crm.tickets.rules.facts import FIELD_WORDS, FIELDS, known
from utility_crm.tickets.rules.store import (
    RuleWrong,
    add_rule,
    change_rule,
    kept_rules,
    move_rule,
    read_draft,
    switch_rule,
)
from utility_crm.tickets.sla.policies import (
    SEGMENTS,
    PolicyDraft,
    add_policy,
    change_policy,
    house_hours,
    house_hours_id,
    move_policy,
    switch_policy,
)
from utility_crm.tickets.words import KIND_WORDS, PRIORITY_WORDS, SEGMENT_WORDS
from utility_crm.web.forms import Form
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import LANGUAGES, mark

router = APIRouter()
PATH = "/care"
ASKED = ("promises", "rules", "answers", "people", "did")
_LONG = re.compile(r"([0-9]{1,6}) *(min|h|мин|ч)?\.?")
_MOVES = {"promises": move_policy, "rules": move_rule, "answers": move_macro}
_SWITCHES: Mapping[str, Callable[..., None]] = {
    "promises": switch_policy, "rules": switch_rule, "answers": switch_macro,
}  # fmt: skip


@router.get("/care")
def care(request: Request, ask: str = "promises", row: str = "") -> Response:
    """A question, or one of its rows in full (`row`: its id, or "new")."""
    with visit(request, "care.set") as v:
        return care_page(v, ask, row)


@router.post("/care/usual")
def usual(request: Request) -> Response:
    """Begin with what most houses need."""
    with visit(request, "care.set") as v:
        made = begin_with_the_usual(v.session, now=v.now, by=v.user.id)
        words = v.text(mark("Put in: %(made)s promises, answers and rules.")) % {"made": made}
        return v.done(words, PATH, nothing=not made)


@router.post("/care/promises/{row}")
def promise(request: Request, row: str, posted: Posting) -> Response:
    """A promise, new or changed."""
    with visit(request, "care.set") as v:

        def act() -> Response:
            name = posted.must("name", mark("Give it a name."))
            first, last = posted.field("first_answer", _minutes), posted.field("resolution", _minutes)
            percent = posted.whole("warn_percent", 1, 99)
            posted.check()
            draft = PolicyDraft(
                name.value, posted.every("kinds"), posted.every("priorities"), posted.every("segments"),
                first.value or None, not posted.text("first_clock"), last.value or None,
                not posted.text("last_clock"), percent.value,
            )  # fmt: skip
            if row == "new":
                add_policy(v.session, draft, house_hours_id(v.session), now=v.now, by=v.user.id)
            else:
                change_policy(v.session, _number(row), draft, now=v.now, by=v.user.id)
            return v.done(
                v.text(mark("The promise holds for what happens from now on.")), PATH, ask="promises"
            )

        return handled(v, posted, "promise", act, partial(care_page, v, "promises", row))


@router.post("/care/rules/{row}")
def rule(request: Request, row: str, posted: Posting) -> Response:
    """A rule, new or changed, in lines or as JSON; or only tried on the latest tickets."""
    with visit(request, "care.set") as v:
        page = partial(care_page, v, "rules", row)
        form = "rule-json" if "document" in posted.values else "rule"

        def act() -> Response:
            document = _document(posted.text("document")) if form == "rule-json" else read_lines(v, posted)
            if posted.text("try"):
                draft = read_draft(v.session, document)
                v.request.state.touched = would_have_touched(v.session, draft, v.now)
                v.request.state.draft = document
                v.request.state.form = Form(form, dict(posted.values), filled=True)
                return page()
            name = posted.must("name", mark("Give it a name."))
            posted.check()
            if row == "new":
                add_rule(v.session, name.value, document, now=v.now, by=v.user.id)
            else:
                change_rule(v.session, _number(row), name.value, document, now=v.now, by=v.user.id)
            return v.done(v.text(mark("The rule is kept, and in use.")), PATH, ask="rules")

        return handled(v, posted, form, partial(_with_mistakes, v, act), page)


@router.post("/care/answers/{row}")
def answer(request: Request, row: str, posted: Posting) -> Response:
    """An answer with blanks, new or changed."""
    with visit(request, "care.set") as v:

        def act() -> Response:
            key, title = posted.must("key"), posted.must("title", mark("Give it a name."))
            posted.check()
            texts = {
                language: posted.text(f"text_{language}").replace("\r\n", "\n") for language in LANGUAGES
            }
            keep_macro(
                v.session, None if row == "new" else _number(row), key=key.value, title=title.value,
                texts=texts, kinds=posted.every("kinds"), now=v.now, by=v.user.id,
            )  # fmt: skip
            return v.done(v.text(mark("The answer is kept.")), PATH, ask="answers")

        return handled(v, posted, "answer", act, partial(care_page, v, "answers", row))


@router.post("/care/people/{row}")
def person(request: Request, row: str, posted: Posting) -> Response:
    """How many tickets somebody is given, and whether now."""
    with visit(request, "care.set") as v:

        def act() -> Response:
            capacity = posted.whole("capacity", 1, 500)
            posted.check()
            set_taker(v.session, _number(row), capacity=capacity.value, present=bool(posted.text("present")))
            return v.done(v.text(mark("It holds for the next ticket.")), PATH, ask="people")

        return handled(v, posted, f"person-{row}", act, partial(care_page, v, "people", ""))


@router.post("/care/{ask}/{row}/move")
def move(request: Request, ask: str, row: int, posted: Posting) -> Response:
    """One place up or down."""
    with visit(request, "care.set") as v:
        if ask not in _MOVES:
            raise NotFound("no_such_list", mark("It is not here any more."), ask)
        _MOVES[ask](v.session, row, up=posted.text("way") == "up")
        return v.done(v.text(mark("The order is another.")), PATH, ask=ask)


@router.post("/care/{ask}/{row}/switch")
def switch(request: Request, ask: str, row: int, posted: Posting) -> Response:
    """In use, or not."""
    with visit(request, "care.set") as v:
        if ask not in _SWITCHES:
            raise NotFound("no_such_list", mark("It is not here any more."), ask)
        active = posted.text("active") == "yes"
        _SWITCHES[ask](v.session, row, active, now=v.now, by=v.user.id)
        words = mark("It is in use again.") if active else mark("It is switched off, and kept.")
        return v.done(v.text(words), PATH, ask=ask)


def care_page(v: Visit, ask: str, row: str) -> HTMLResponse:
    """The page over a question. NotFound where a row is none."""
    ask = ask if ask in ASKED else "promises"
    promises = policy_lines(v.session, v.now - timedelta(days=30), v.now)
    rules, answers, takers = (
        kept_rules(v.session),
        macros(v.session, all_of_them=True),
        taker_lines(v.session),
    )
    lists: dict[str, Any] = {"promises": promises, "rules": rules, "answers": answers}
    chosen = None
    if row and row != "new" and ask in lists:
        chosen = next((one for one in lists[ask] if str(one.id) == row), None)
        if chosen is None:
            raise NotFound("no_such_row", mark("It is not here any more."), row)
    touched: list[Touched] | None = getattr(v.request.state, "touched", None)
    return v.render(
        "tickets/care.html", ask=ask, row=row, chosen=chosen, promises=promises, rules=rules, answers=answers,
        takers=takers, runs=latest_runs(v.session), hours=house_hours(v.session), path=PATH, touched=touched,
        mistakes=getattr(v.request.state, "mistakes", ()), written=_written(chosen, ask),
        telling=telling(v),
        **(rule_form(v, chosen) if ask == "rules" and row else {}),
        fields=FIELDS.values(), field_words=FIELD_WORDS, events=EVENTS, acts=ACTS, figures=sorted(offered()),
        lists=known(v.session).lists if ask == "rules" and row else {}, segments=SEGMENTS,
        segment_words=SEGMENT_WORDS, kinds=KINDS, kind_words=KIND_WORDS, priorities=PRIORITIES,
        priority_words=PRIORITY_WORDS, tongues=LANGUAGES,
    )  # fmt: skip


def _with_mistakes(v: Visit, act: Callable[[], Response]) -> Response:
    try:
        return act()
    except RuleWrong as wrong:
        v.request.state.mistakes = wrong.mistakes
        raise


def _written(chosen: Any, ask: str) -> str:
    document = chosen.document if ask == "rules" and chosen is not None else NEW_RULE
    return json.dumps(document, ensure_ascii=False, indent=2)


def _document(typed: str) -> Any:
    try:
        return json.loads(typed)
    except json.JSONDecodeError as error:
        words = mark("Line %(line)s, place %(column)s: this cannot be read as JSON.")
        raise Invalid("document", words, "document", line=error.lineno, column=error.colno) from None


def _minutes(typed: str) -> int:
    """Minutes, as "30 min" or "4 h"; nothing is none."""
    if not typed:
        return 0
    found = _LONG.fullmatch(typed)
    if found is None:
        raise Invalid("minutes", mark("Write it as 30 min or 4 h."), "first_answer")
    return int(found[1]) * (60 if found[2] in ("h", "ч") else 1)


def _number(row: str) -> int:
    if not row.isascii() or not row.isdecimal() or len(row) > 18:
        raise NotFound("no_such_row", mark("It is not here any more."), row)
    return int(row)
