"""A rule as a sentence: "When a ticket is opened and it is about: Outage, then give it to team Network."

Made of its document, so that one that can be read no more (a team is gone) is told, too. What is free text
stays as it was written, in quotation marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from babel.lists import format_list
from babel.units import format_unit

from utility_crm.tickets.rules.facts import FIELD_WORDS
from utility_crm.tickets.words import (
    CHANNEL_WORDS,
    KIND_WORDS,
    PACKAGE,
    PRIORITY_WORDS,
    SEGMENT_WORDS,
    STATUS_WORDS,
)
from utility_crm.web.formats import locale
from utility_crm.web.words import LANGUAGES, mark, translator

EVENT_WORDS: Mapping[str, str] = {
    "opened": mark("a ticket is opened"),
    "message_in": mark("the customer writes"),
    "answered": mark("we answer"),
    "status_changed": mark("its state changes"),
    "priority_changed": mark("its priority changes"),
    "kind_changed": mark("it turns out to be about something else"),
    "assigned": mark("it is given to somebody"),
    "tagged": mark("it gets a tag"),
    "due_soon": mark("a promise falls due soon"),
    "breached": mark("a promise is broken"),
}
SINCE_WORDS: Mapping[str, str] = {
    "opened": mark("it is %(long)s since it was opened"),
    "message_in": mark("it is %(long)s since the customer wrote"),
    "answered": mark("it is %(long)s since we answered"),
    "status_changed": mark("it is %(long)s since its state changed"),
}
ACT_WORDS: Mapping[str, str] = {
    "assign_person": mark("give it to %(what)s"),
    "assign_team": mark("give it to team %(what)s"),
    "route": mark("hand it out: %(what)s"),
    "set_status": mark("set its state: %(what)s"),
    "set_priority": mark("give it %(what)s"),
    "set_kind": mark("make it about: %(what)s"),
    "add_tag": mark("put on the tag %(what)s"),
    "remove_tag": mark("take off the tag %(what)s"),
    "notify_person": mark("tell %(what)s"),
    "notify_team": mark("tell team %(what)s"),
    "add_task": mark("make a task: %(what)s"),
    "add_note": mark("leave a note: %(what)s"),
    "answer_with": mark("answer with %(what)s"),
}
_IS: Mapping[str, tuple[str, str]] = {
    "kind": (mark("it is about: %(what)s"), mark("it is not about: %(what)s")),
    "priority": (mark("it has %(what)s"), mark("it does not have %(what)s")),
    "status": (mark("its state is: %(what)s"), mark("its state is not: %(what)s")),
    "channel": (mark("it came by %(what)s"), mark("it did not come by %(what)s")),
    "language": (mark("it is spoken in %(what)s"), mark("it is not spoken in %(what)s")),
    "segment": (mark("the customer is of: %(what)s"), mark("the customer is not of: %(what)s")),
    "team": (mark("team %(what)s has it"), mark("team %(what)s does not have it")),
    "assignee": (mark("%(what)s sees to it"), mark("%(what)s does not see to it")),
}
_HAS: Mapping[str, tuple[str, str]] = {
    "text": (mark("they say %(what)s"), mark("they do not say %(what)s")),
    "sender": (mark("their address has %(what)s in it"), mark("their address has no %(what)s in it")),
    "tags": (mark("it has the tag %(what)s"), mark("it lacks the tag %(what)s")),
    "customer_tags": (mark("the customer has the tag %(what)s"), mark("the customer lacks the tag %(what)s")),
}
_FLAG: Mapping[str, tuple[str, str]] = {
    "vulnerable": (mark("the customer needs care"), mark("the customer needs no special care")),
    "customer_known": (mark("we know the customer"), mark("we do not know the customer")),
    "reopened": (mark("it was opened again"), mark("it was never opened again")),
}
_EMPTY: Mapping[str, tuple[str, str]] = {
    "assignee": (mark("nobody sees to it"), mark("somebody sees to it")),
    "team": (mark("no team has it"), mark("a team has it")),
    "tags": (mark("it has no tag"), mark("it has a tag")),
}
_AGE: Mapping[str, tuple[str, str]] = {
    "age": (mark("it was opened more than %(what)s ago"), mark("it was opened less than %(what)s ago")),
    "silence": (
        mark("their last word is more than %(what)s old"), mark("their last word is less than %(what)s old"),
    ),
    "since_answer": (
        mark("our last answer is more than %(what)s old"), mark("our last answer is less than %(what)s old"),
    ),
}  # fmt: skip
VALUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "kind": KIND_WORDS, "priority": PRIORITY_WORDS, "status": STATUS_WORDS, "channel": CHANNEL_WORDS,
    "segment": SEGMENT_WORDS, "language": LANGUAGES,
}  # fmt: skip
_YOUNGER = "younger_than"
ACT_VALUES = {"set_kind": "kind", "set_priority": "priority", "set_status": "status"}


@dataclass(frozen=True, slots=True)
class Names:
    """What people call what rules name by keys: people by sign-in name, answers by key."""

    people: Mapping[str, str]
    macros: Mapping[str, str]


class Telling:
    """Tells rules in a language."""

    def __init__(self, language: str, names: Names) -> None:
        self.language = language
        self.names = names
        self._: Callable[..., str] = translator(language, PACKAGE)

    def sentence(self, document: Mapping[str, Any]) -> str:
        """The whole rule."""
        when = self._either(self.event(one) for one in document.get("when", ()))
        then = "; ".join(self.act(one) for one in document.get("then", ()))
        condition = self.condition(document["if"]) if document.get("if") else ""
        if condition:
            told = self._("When %(when)s, if %(condition)s, then %(then)s.")
        else:
            told = self._("When %(when)s, then %(then)s.")
        return told % {"when": when, "condition": condition, "then": then}

    def event(self, when: Any) -> str:
        """What it waits for."""
        if isinstance(when, Mapping):
            since = SINCE_WORDS.get(str(when.get("since")), "")
            return self._(since, long=self.long(int(when.get("minutes", 0)))) if since else str(when)
        name, _, minutes = str(when).removeprefix("since:").partition(":")
        if minutes.isdecimal():
            return self.event({"since": name, "minutes": int(minutes)})
        return self._(EVENT_WORDS[when]) if when in EVENT_WORDS else str(when)

    def condition(self, told: Any, *, inside: bool = False) -> str:
        """What has to hold; "" where everything does."""
        if not isinstance(told, Mapping) or not told:
            return str(told)
        if "not" in told:
            return self._negated(told["not"])
        for how, joined in (("all", self._all), ("any", self._either)):
            if how in told:
                parts = [self.condition(one, inside=True) for one in told[how]]
                words = joined(part for part in parts if part)
                return f"({words})" if inside and len(parts) > 1 else words
        return self._compared(told, yes=True)

    def act(self, told: Mapping[str, Any]) -> str:
        """One thing that it does."""
        kind, value = next(((key, one) for key, one in told.items() if key in ACT_WORDS), ("", ""))
        return self._(ACT_WORDS[kind], what=self._acted_with(kind, str(value))) if kind else str(dict(told))

    def long(self, minutes: int) -> str:
        """A span of time in its largest whole unit."""
        for unit, size in (("duration-day", 1440), ("duration-hour", 60)):
            if minutes % size == 0 and minutes >= size:
                return format_unit(minutes // size, unit, "long", locale=locale(self.language))
        return format_unit(minutes, "duration-minute", "long", locale=locale(self.language))

    def value(self, field: str, value: Any) -> str:
        """A word of a list as people call it, free text in quotation marks."""
        if field in VALUE_WORDS and value in VALUE_WORDS[field]:
            return self._(VALUE_WORDS[field][value])
        if field == "assignee":
            return self.names.people.get(str(value), str(value))
        return self.quoted(str(value))

    def quoted(self, value: str) -> str:
        """In the quotation marks of the language."""
        return self._("“%(text)s”", text=value)

    def _acted_with(self, kind: str, value: str) -> str:
        if kind in ACT_VALUES:
            return self._(VALUE_WORDS[ACT_VALUES[kind]].get(value, value))
        if kind in ("assign_person", "notify_person"):
            return (
                self._("whoever sees to it") if value == "assignee" else self.names.people.get(value, value)
            )
        if kind == "route" and value == "any":
            return self._("to whom it suits")
        if kind == "answer_with":
            return self.quoted(self._(self.names.macros.get(value, value)))
        ours = kind in ("assign_team", "notify_team", "route", "add_task")  # of the demo, or of the usual
        return self.quoted(self._(value) if ours and value else value)

    def _compared(self, told: Mapping[str, Any], *, yes: bool) -> str:
        field = str(told.get("field", ""))
        operator = next((key for key in told if key != "field"), "")
        given = told.get(operator)
        values = given if isinstance(given, list | tuple) else [given]
        if operator == "empty":
            return self._emptied(field, bool(given) is yes)
        pair = {**_IS, **_HAS, **_FLAG, **_AGE}.get(field)
        if pair is None:
            return f"{field} {operator} {given}"
        if field in _FLAG:
            return self._(pair[bool(given) is not yes])
        if field in _AGE:
            words = self._(pair[operator == _YOUNGER], what=self.long(int(given or 0)))
            return words if yes else self._("not: %(what)s", what=words)
        return self._(pair[not yes], what=self._either(self.value(field, one) for one in values))

    def _negated(self, told: Any) -> str:
        if isinstance(told, Mapping) and "field" in told:
            return self._compared(told, yes=False)
        return self._("not: %(what)s", what=self.condition(told, inside=True))

    def _emptied(self, field: str, empty: bool) -> str:
        if field in _EMPTY:
            return self._(_EMPTY[field][not empty])
        name = self._(FIELD_WORDS.get(field, field))
        return self._("not known: %(what)s", what=name) if empty else self._("known: %(what)s", what=name)

    def _either(self, parts: Iterable[str]) -> str:
        return str(format_list(list(parts), style="or", locale=locale(self.language)))

    def _all(self, parts: Iterable[str]) -> str:
        return str(format_list(list(parts), locale=locale(self.language)))
