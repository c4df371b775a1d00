"""Macros: kept, and written out for one customer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today
from utility_crm.tickets.care.tables import TicketMacro
from utility_crm.tickets.domain.life import KINDS
from utility_crm.tickets.domain.macros import (
    LONGEST_TEXT,
    Written,
    blanks_of,
    in_language,
    mistakes_in,
    written,
)
from utility_crm.tickets.macros.figures import figures_for, offered
from utility_crm.tickets.sla.policies import swap_places
from utility_crm.web.words import LANGUAGES, mark

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class MacroText:
    """A macro for one customer: the language it is in, its words, figures that are not known."""

    key: str
    title: str
    language: str
    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MacroLine:
    """A macro to choose, or to change."""

    id: int
    key: str
    title: str
    texts: Mapping[str, str]
    kinds: tuple[str, ...]
    active: bool

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title


def macros(session: Session, *, kind: str | None = None, all_of_them: bool = False) -> list[MacroLine]:
    """Macros in their order; those offered for a kind of ticket, or all that are in use, or all."""
    rows = session.scalars(select(TicketMacro).order_by(TicketMacro.position, TicketMacro.id))
    return [
        MacroLine(row.id, row.key, row.title, row.texts, tuple(row.kinds), row.active)
        for row in rows
        if all_of_them or (row.active and (kind is None or not row.kinds or kind in row.kinds))
    ]


def macro_text(
    session: Session, key: str, customer_id: int | None, language: str, now: datetime
) -> MacroText:
    """A macro with the customer's figures, in their language or the house's. language: "" is the customer's
    on file. Without a customer no figure is known. Raises NotFound, Invalid (no text in any language)."""
    if not key:
        raise Invalid("macro", mark("Choose one of what is offered."), "macro")
    row = session.scalars(select(TicketMacro).where(TicketMacro.key == key, TicketMacro.active)).one_or_none()
    if row is None:
        raise NotFound("no_such_macro", mark("There is no answer %(key)s."), "macro", key=key)
    if not language and customer_id is not None:
        language = session.scalar(select(Customer.language).where(Customer.id == customer_id)) or ""
    house = settings().language
    found = in_language(row.texts, (language or house)[:2], house)
    if found is None:
        raise Invalid("macro_empty", mark("The answer %(key)s has no text."), "macro", key=key)
    spoken, words = found
    made = _filled(session, words, customer_id, spoken, now)
    return MacroText(row.key, row.title, spoken, made.text, made.missing)


_LEFT = re.compile(r"\{\{[^{}]*\}\}|‹[a-z][a-z0-9 ]*›")


def ready_to_send(typed: str) -> str:
    """A text to a customer in which no blank is left. Raises Invalid, which names what is missing."""
    if not typed.strip():
        raise Invalid("text_needed", mark("Write something first."), "text")
    left = [found.strip("{}‹› ") for found in _LEFT.findall(typed)]
    if left:
        raise figures_missing(dict.fromkeys(left))
    return typed


def figures_missing(names: Iterable[str]) -> Invalid:
    """What stands in the way of sending."""
    words = mark("Not sent, these figures are not known: %(names)s. Write them yourself, or take them out.")
    return Invalid("figures_missing", words, "text", names=", ".join(names))


def filled(session: Session, words: str, customer_id: int | None, language: str, now: datetime) -> Written:
    """Any text with blanks, for one customer: what a person typed or changed is checked as a macro is."""
    return _filled(session, words, customer_id, language, now)


def _filled(session: Session, words: str, customer_id: int | None, language: str, now: datetime) -> Written:
    names = blanks_of(words)
    if not names or customer_id is None:
        return written(words, {})
    call = CustomerCall(session, customer_id, now, utility_today(now), language)
    return written(words, figures_for(call, names))


def keep_macro(
    session: Session, macro_id: int | None, *, key: str, title: str, texts: Mapping[str, str],
    kinds: Sequence[str] = (), now: datetime, by: int | None,
) -> int:  # fmt: skip
    """A new macro (id None) or another content; its id. Raises Invalid with line, column and what stands
    there, Conflict, NotFound."""
    _check(session, macro_id, key, title, texts, kinds)
    if macro_id is None:
        last = session.scalar(select(func.coalesce(func.max(TicketMacro.position), 0))) or 0
        row = TicketMacro(position=last + 1)
        session.add(row)
    else:
        row = _held(session, macro_id)
    row.key, row.title, row.kinds = key, title.strip(), list(kinds)
    row.texts = {language: words.strip() for language, words in texts.items() if words.strip()}
    row.changed_at, row.changed_by = now, by
    session.flush()
    return row.id


def switch_macro(session: Session, macro_id: int, active: bool, *, now: datetime, by: int | None) -> None:
    """Offered, or not."""
    row = _held(session, macro_id)
    row.active, row.changed_at, row.changed_by = active, now, by
    session.flush()


def move_macro(session: Session, macro_id: int, up: bool) -> None:
    """One place up or down."""
    swap_places(session, TicketMacro, macro_id, up)


def _held(session: Session, macro_id: int) -> TicketMacro:
    found = session.get(TicketMacro, macro_id, with_for_update=True)
    if found is None:
        raise NotFound("no_such_macro", mark("There is no such answer."), "macro")
    return found


def _check(
    session: Session, mine: int | None, key: str, title: str, texts: Mapping[str, str], kinds: Sequence[str]
) -> None:
    if not _KEY.fullmatch(key):
        raise Invalid(
            "key", mark("A key has small letters, digits and underscores, and begins with a letter."), "key"
        )
    if not title.strip():
        raise Invalid("title", mark("Give it a name."), "title")
    if set(kinds) - set(KINDS) or set(texts) - set(LANGUAGES):
        raise Invalid("macro", mark("Choose one of what is offered."), "kinds")
    if not any(words.strip() for words in texts.values()):
        raise Invalid("text_needed", mark("Write something first."), f"text_{settings().language}")
    for language, words in texts.items():
        where = f"text_{language}"
        if len(words) > LONGEST_TEXT:
            raise Invalid(
                "text_long", mark("A text has at most %(most)s characters."), where, most=LONGEST_TEXT
            )
        for wrong in mistakes_in(words.strip(), offered()):
            what = (
                mark("Line %(line)s, place %(column)s: nobody offers the figure %(found)s.")
                if wrong.name
                else mark("Line %(line)s, place %(column)s: these braces cannot be read: %(found)s")
            )
            values = {"line": wrong.line, "column": wrong.column, "found": wrong.name or wrong.text}
            raise Invalid("macro_text", what, where, **values)
    same = session.scalar(select(TicketMacro.id).where(TicketMacro.key == key))
    if same is not None and same != mine:
        raise Conflict("key_taken", mark("Another one has this key."), "key")
