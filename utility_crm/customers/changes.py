"""What was changed of a customer: before and after, who, when and why, out of the audit log, which nobody
changes (`auth.audit.note_change`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.customers.care import KINDS, WORDS
from utility_crm.customers.editing import SEGMENTS, TIMES, TONGUES, WAYS
from utility_crm.web.formats import day_year
from utility_crm.web.words import mark

PAGE = 20
_CHANGES = text("""
    select l.id, l.at, coalesce(u.name, t.name, ''), l.what, l.before, l.after
    from audit_log l
    left join users u on u.id = l.user_id
    left join api_tokens t on t.id = l.token_id
    where l.customer_id = :customer and l.kind = 'detail'
      and (cast(:before_id as bigint) is null or l.id < :before_id)
    order by l.at desc, l.id desc limit :most
""")
FIELDS: Mapping[str, str] = {
    "name": mark("name"),
    "language": mark("language"),
    "segment": mark("segment"),
    "preferred_channel": mark("how they like to be reached"),
    "contact_times": mark("when they like to be reached"),
    "kind": mark("kind"),
    "kinds": mark("kinds"),
    "detail": mark("detail"),
    "review_on": mark("review by"),
    "value": mark("value"),
    "label": mark("label"),
    "preferred": mark("preferred"),
    "proof": mark("proof"),
    "role": mark("role"),
    "about": mark("about"),
    "reach": mark("how to reach them"),
    "starts_on": mark("from"),
    "ends_before": mark("until before"),
    "on": mark("on"),
    "account": mark("account"),
    "number": mark("number"),
    "customer": mark("customer"),
    "granted": mark("they agree"),
    "purpose": mark("purpose"),
    "channel": mark("channel"),
}
"""Names of values, in words; another stands as it is written."""
_CODES: Mapping[str, str] = {
    **SEGMENTS, **TONGUES, **WORDS, **{one: one for one in (*TIMES, *WAYS)},
    **{one: one for kinds in KINDS.values() for one in kinds},
}  # fmt: skip
"""Values that are ours, not somebody's words, and what they are called."""
WITHOUT_CODES = frozenset({"name", "value", "label", "detail", "proof", "reach", "role"})


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value: "" on the side where there was, or is, none."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed; what: marked words. why: the reason that was said, where one was."""

    id: int
    at: datetime
    by: str
    what: str
    values: tuple[ChangedValue, ...]
    why: str


def changes_of(
    session: Session, customer_id: int, language: str, _: Callable[..., str], older_than: int | None = None
) -> tuple[list[Change], int | None]:
    """A page of them, the newest first, and the key of the page that follows, None where none does. One
    statement."""
    asked = {"customer": customer_id, "before_id": older_than, "most": PAGE + 1}
    rows = session.execute(_CHANGES, asked).all()
    found = [
        Change(
            row[0], row[1], row[2], row[3], changed_values(row[4], row[5], language, _),
            str((row[5] or {}).get("why", "")),
        )
        for row in rows[:PAGE]
    ]  # fmt: skip
    return found, found[-1].id if len(rows) > PAGE else None


def changed_values(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, language: str, _: Callable[..., str]
) -> tuple[ChangedValue, ...]:
    """Both sides of each value that is not the reason."""
    old, new = before or {}, after or {}
    names = [name for name in {**old, **new} if name != "why"]
    return tuple(
        ChangedValue(
            _(FIELDS[name]) if name in FIELDS else name.replace("_", " "),
            _said(name, old.get(name), language, _),
            _said(name, new.get(name), language, _),
        )
        for name in names
        if old.get(name) not in (None, "", []) or new.get(name) not in (None, "", [])
    )


def _said(name: str, value: Any, language: str, _: Callable[..., str]) -> str:
    if value in (None, "", [], {}):
        return ""
    if value is True or value is False:
        return _(mark("yes")) if value else _(mark("no"))
    if isinstance(value, list):
        return ", ".join(_said(name, one, language, _) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    if name not in WITHOUT_CODES and value in _CODES:
        return _(_CODES[value])
    words = str(value)
    try:
        return day_year(date.fromisoformat(words), language) if len(words) == 10 else words
    except ValueError:
        return words
