"""What a house may begin with: hours, promises, rules and answers, all data to change or switch off. Their
names are shown in the reader's language as long as nobody gave them others (the filter `seeded`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings
from utility_crm.tickets.care.tables import TicketMacro, TicketPolicy, TicketRule
from utility_crm.tickets.domain.macros import blanks_of
from utility_crm.tickets.macros.figures import offered
from utility_crm.tickets.macros.writing import keep_macro
from utility_crm.tickets.rules.store import add_rule
from utility_crm.tickets.sla.policies import PolicyDraft, add_policy, set_hours
from utility_crm.web.words import mark

HOURS_NAME = "Office"
WEEK: tuple[tuple[tuple[int, int], ...], ...] = (*(((480, 1080),),) * 5, ((540, 780),), ())
"""Monday to Friday from 8 to 18, Saturday from 9 to 13."""
POLICIES = (
    PolicyDraft(
        mark("Power is off"), kinds=("outage",), first_answer_minutes=30, first_answer_working=False,
        resolution_minutes=1440, resolution_working=False, warn_percent=60,
    ),
    PolicyDraft(
        mark("Who needs care"), segments=("vulnerable",), first_answer_minutes=60, resolution_minutes=960,
    ),
    PolicyDraft(mark("Urgent"), priorities=("urgent",), first_answer_minutes=60, resolution_minutes=600),
    PolicyDraft(mark("Complaints"), kinds=("complaint",), first_answer_minutes=600, resolution_minutes=9000),
    PolicyDraft(
        mark("Businesses"), segments=("industry", "small_business"), first_answer_minutes=240,
        resolution_minutes=1800,
    ),
    PolicyDraft(mark("Everybody else"), first_answer_minutes=480, resolution_minutes=3000),
)  # fmt: skip
RULES: Mapping[str, dict[str, Any]] = {
    mark("Dark homes are urgent"): {
        "when": ["opened", "message_in"],
        "if": {
            "all": [
                {"field": "kind", "in": ["other", "outage"]},
                {"field": "text", "contains": ["no power", "power is off", "нет света", "отключили свет"]},
            ]
        },
        "then": [{"set_kind": "outage"}, {"set_priority": "urgent"}, {"add_tag": "no power"}],
    },
    mark("Who needs care comes first"): {
        "when": ["opened"],
        "if": {"all": [{"field": "vulnerable", "is": True}, {"field": "priority", "in": ["low", "normal"]}]},
        "then": [{"set_priority": "high"}, {"add_tag": "care"}],
    },
    mark("Confirm that a mail has come"): {
        "when": ["opened"],
        "if": {
            "all": [
                {"field": "channel", "in": ["email", "web"]},
                {"field": "customer_known", "is": True},
                {"not": {"field": "kind", "is": "outage"}},
            ]
        },
        "then": [{"answer_with": "received"}],
    },
    mark("Hand out"): {
        "when": ["opened", "kind_changed"],
        "if": {"all": [{"field": "assignee", "empty": True}, {"field": "status", "in": ["new", "open"]}]},
        "then": [{"route": "any"}],
    },
    mark("Nobody has answered for a day"): {
        "when": [{"since": "message_in", "minutes": 1440}],
        "if": {"field": "status", "in": ["new", "open"]},
        "then": [{"set_priority": "high"}, {"notify_person": "assignee"}],
    },
    mark("Ask once more after five days"): {
        "when": [{"since": "status_changed", "minutes": 7200}],
        "if": {"field": "status", "is": "waiting"},
        "then": [{"add_tag": "asked again"}, {"answer_with": "still_there"}],
    },
    mark("They came back"): {
        "when": ["message_in"],
        "if": {"all": [{"field": "reopened", "is": True}, {"field": "priority", "in": ["low", "normal"]}]},
        "then": [{"set_priority": "high"}, {"add_tag": "came back"}],
    },
    mark("A broken promise is somebody's task"): {
        "when": ["breached"],
        "if": {"not": {"field": "assignee", "empty": True}},
        "then": [{"add_task": mark("Answer today: the time we promised is over")}],
    },
}
MACROS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("received", mark("We have your message"), ()),
    ("balance", mark("What is owed now"), ("billing",)),
    ("overdue", mark("Something is late"), ("billing",)),
    ("why", mark("Why the bill is different"), ("billing",)),
    ("reading", mark("Please read your meter"), ("meter", "billing")),
    ("next_bill", mark("When the next bill comes"), ("billing",)),
    ("moving", mark("You move"), ("move",)),
    ("still_there", mark("Is it settled?"), ()),
    ("complaint", mark("Your complaint is being looked into"), ("complaint",)),
)
"""Key, name, and for which kinds of tickets; the texts lie in `templates/answers`, a file a language."""
_ANSWERS = Path(__file__).parent / "templates" / "answers"


def begin_with_the_usual(session: Session, *, now: datetime, by: int | None) -> int:
    """Put in what is not there yet, each by its name; how many. What a house changed or switched off
    stays. An answer with a figure that no installed package offers is left out, and rules that use it."""
    known = settings()
    made = 0
    hours_id = set_hours(
        session,
        HOURS_NAME,
        zone=known.timezone,
        week=WEEK,
        country=known.country,
        subdivision=known.subdivision,
    )
    names = set(session.scalars(select(TicketPolicy.name)))
    for draft in POLICIES:
        if draft.name not in names:
            add_policy(session, draft, hours_id, now=now, by=by)
            made += 1
    keys = set(session.scalars(select(TicketMacro.key)))
    for key, title, kinds in MACROS:
        texts = texts_of(key)
        known_figures = all(set(blanks_of(words)) <= set(offered()) for words in texts.values())
        if key not in keys and known_figures:
            keep_macro(session, None, key=key, title=title, texts=texts, kinds=kinds, now=now, by=by)
            keys.add(key)
            made += 1
    rules = set(session.scalars(select(TicketRule.name)))
    for name, document in RULES.items():
        answers = {act["answer_with"] for act in document["then"] if "answer_with" in act}
        if name not in rules and answers <= keys:
            add_rule(session, name, document, now=now, by=by)
            made += 1
    return made


def texts_of(key: str) -> dict[str, str]:
    """The texts of an answer, by language."""
    found = sorted(_ANSWERS.glob(f"{key}.*.txt"))
    return {path.name.split(".")[1]: path.read_text("utf-8").strip() for path in found}
