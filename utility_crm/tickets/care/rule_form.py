"""The form of a rule: what its lines offer, how values are called, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from utility_crm.auth.tables import User
from utility_crm.tickets.care.tables import TicketMacro
from utility_crm.tickets.domain.rules import ACTS, EVENTS, MOST_ACTS, SINCE
from utility_crm.tickets.rules.facts import FIELD_WORDS, FIELDS
from utility_crm.tickets.rules.told import ACT_VALUES, ACT_WORDS, EVENT_WORDS, VALUE_WORDS, Names, Telling
from utility_crm.tickets.rules.typed import (
    HOW,
    Asked,
    Lines,
    document_of_lines,
    lines_of,
    meant_by,
    padded,
    spoken_by,
)
from utility_crm.web.forms import Posted
from utility_crm.web.visit import Visit

NEW_RULE: Final[Mapping[str, Any]] = {
    "when": ["opened"],
    "if": {"all": [{"field": "kind", "is": "billing"}]},
    "then": [{"set_priority": "high"}],
}
MOST_LINES: Final = 12


def names_of(v: Visit) -> Names:
    """What people call whom rules name: two statements."""
    people = dict(v.session.execute(select(User.login, User.name).where(User.active)).all())
    macros = dict(v.session.execute(select(TicketMacro.key, TicketMacro.title)).all())
    return Names(people, macros)


def telling(v: Visit) -> Telling:
    """Tells rules in the person's language."""
    return Telling(v.user.language, names_of(v))


def rule_form(v: Visit, chosen: Any) -> dict[str, Any]:
    """What the form of a rule shows; `lines` is None where its document says more than lines can."""
    told, names = telling(v), names_of(v)
    words = _words(v, names)
    draft = getattr(v.request.state, "draft", None)
    document = draft if draft is not None else chosen.document if chosen is not None else NEW_RULE
    lines = lines_of(document, spoken_by(words))
    return {
        "sentence": told.sentence(document),
        "lines": lines,
        "asked": padded(lines.asked, Asked(), MOST_LINES) if lines else [],
        "acting": padded(lines.acts, ("", ""), MOST_ACTS) if lines else [],
        "event_words": [(name, v.text(EVENT_WORDS[name])) for name in EVENTS],
        "since_words": [(name, v.text(EVENT_WORDS[name])) for name in SINCE],
        "how_words": [(name, v.text(said)) for name, said in HOW.items()],
        "asked_words": [(name, v.text(FIELD_WORDS[name])) for name in FIELDS],
        "act_words": [(name, v.text(ACT_WORDS[name]) % {"what": "…"}) for name in ACTS],
        "offered_values": sorted({word for known in words.values() for word in known.values()}),
    }


def read_lines(v: Visit, posted: Posted) -> dict[str, Any]:
    """The document of the lines that were typed. Raises Invalid beside the field that is wrong."""
    asked = tuple(
        Asked(posted.text(f"field_{place}"), posted.text(f"how_{place}", "is"), posted.text(f"value_{place}"))
        for place in range(MOST_LINES)
        if posted.text(f"field_{place}") in FIELDS
    )
    acts = tuple((posted.text(f"act_{place}"), posted.text(f"with_{place}")) for place in range(MOST_ACTS))
    since = posted.text("since")
    lines = Lines(
        tuple(name for name in EVENTS if posted.text(f"when_{name}")),
        (since, posted.text("since_long")) if since in SINCE else ("", ""),
        "any" if posted.text("together") == "any" else "all",
        asked,
        tuple(act for act in acts if act[0] in ACTS),
    )
    return document_of_lines(lines, meant_by(_words(v, names_of(v))))


def _words(v: Visit, names: Names) -> dict[str, dict[str, str]]:
    """Of fields and of acts: key -> what people call it."""
    told = {field: {key: v.text(word) for key, word in known.items()} for field, known in VALUE_WORDS.items()}
    people = dict(names.people)
    told |= {act: told[field] for act, field in ACT_VALUES.items()}
    told |= {"assignee": people, "assign_person": people, "answer_with": _titles(v, names)}
    told["notify_person"] = people | {"assignee": v.text("whoever sees to it")}
    told["route"] = {"any": v.text("to whom it suits")}
    return told


def _titles(v: Visit, names: Names) -> dict[str, str]:
    return {key: v.text(title) for key, title in names.macros.items()}
