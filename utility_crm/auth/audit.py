"""Who looked at and changed what, written down where it happens: rows of `audit_log`, which nobody changes.

`web.visit` and `web.bearer` write a row for each view and each change; what is changed of a person says by
`note_change` how it was before and how it is now. A look does not wait for the disk, a change is kept in the
transaction it is made in, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import TextClause, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.announcing.telling import Happening, announce_all
from utility_crm.auth.tables import AuditRow
from utility_crm.kit.database import asked
from utility_crm.kit.module import Owner
from utility_crm.kit.simulating import is_simulating

Kind = Literal["view", "search", "export", "change", "sign_in"]
Outcome = Literal["done", "refused", "not_done"]
_ACTING = "acting"
LONGEST = 200
"""Letters of a subject that are kept."""
_ROW = """
insert into audit_log (at, user_id, token_id, kind, what, customer_id, subject_kind, subject, address,
    request_id, outcome, after)
select cast(:at as timestamptz), cast(:user_id as bigint), cast(:token_id as bigint), cast(:kind as text),
    cast(:what as text), ({customer}), cast(:subject_kind as text), cast(:value as text),
    cast(:address as text), cast(:request_id as text), cast(:outcome as text),
    cast(:after as jsonb){hurry}
"""
_HURRY = " from (select set_config('synchronous_commit', 'off', true)) as unhurried"
"""The commit of this transaction does not wait for the disk: a look has changed nothing."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and by what: the method and the route of the request, or the name of a command or job."""

    at: datetime
    what: str
    user_id: int | None = None
    token_id: int | None = None
    address: str = ""
    request_id: str = ""


def acts(session: Session, acting: Acting) -> None:
    """What is noted in this session from now on is theirs."""
    session.info[_ACTING] = acting


def write_down(
    session: Session,
    acting: Acting,
    kind: Kind,
    *,
    outcome: Outcome = "done",
    owner: Owner | None = None,
    subject: str = "",
    said: str = "",
) -> None:
    """One row. owner: whose customer the `subject` is, found in the same statement. said: the sentence that
    told what was done."""
    looked = kind != "change" and outcome == "done"
    sql = _statement(owner.customer if owner else "", looked)
    values = {
        "at": acting.at,
        "user_id": acting.user_id,
        "token_id": acting.token_id,
        "kind": kind,
        "what": acting.what,
        "subject_kind": owner.kind if owner else "",
        "value": subject[:LONGEST],
        "address": acting.address,
        "request_id": acting.request_id,
        "outcome": outcome,
        "after": json.dumps({"said": said}) if said else None,
    }
    if looked:
        asked(session, sql, values)
    else:  # what was changed may wait to be written
        session.execute(sql, values)


@cache
def _statement(customer: str, hurry: bool) -> TextClause:
    found = typed(customer) if customer else "cast(null as bigint)"
    return text(_ROW.format(customer=found, hurry=_HURRY if hurry else ""))


def typed(sql: str) -> str:
    """SQL of an Owner, with its :value said to be text wherever it stands."""
    return sql.replace(":value", "cast(:value as text)")


def note_change(
    session: Session,
    customer_id: int | None,
    what: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Keep how something of a customer was and how it is now, in the transaction of the change: None where
    there was nothing, or is nothing any more. What is alike on both sides is left out; if all is, so is the
    row. `what` names the thing, a marked word: mark("way to reach"). Other systems hear that of a customer
    something changed."""
    old, new = _differing(before, after)
    if (not old and not new) or is_simulating(session):
        return
    acting: Acting | None = session.info.get(_ACTING)
    session.execute(
        insert(AuditRow).values(
            at=acting.at if acting else func.now(),
            user_id=acting.user_id if acting else None,
            token_id=acting.token_id if acting else None,
            kind="detail",
            what=what,
            customer_id=customer_id,
            before=old,
            after=new,
            address=acting.address if acting else "",
            request_id=acting.request_id if acting else "",
        )
    )
    if customer_id is not None:
        _told(session, what, acting, [(customer_id, old, new)])


def note_changes(
    session: Session,
    what: str,
    changes: Iterable[tuple[int | None, Mapping[str, Any] | None, Mapping[str, Any] | None]],
) -> None:
    """As `note_change`, of many at once: whose, before, after. One statement."""
    acting: Acting | None = session.info.get(_ACTING)
    rows: list[dict[str, Any]] = []
    for customer_id, before, after in changes:
        old, new = _differing(before, after)
        if old or new:
            rows.append({"customer_id": customer_id, "before": old, "after": new})
    if not rows or is_simulating(session):
        return
    same = {
        "user_id": acting.user_id if acting else None, "token_id": acting.token_id if acting else None,
        "kind": "detail", "what": what, "address": acting.address if acting else "",
        "request_id": acting.request_id if acting else "",
    }  # fmt: skip
    at: Any = acting.at if acting else session.scalar(text("select now()"))
    session.execute(insert(AuditRow), [{**same, "at": at, **row} for row in rows])
    whose = [(row["customer_id"], row["before"], row["after"]) for row in rows if row["customer_id"]]
    _told(session, what, acting, whose)


def _told(
    session: Session,
    what: str,
    acting: Acting | None,
    changes: Iterable[tuple[int, Mapping[str, Any] | None, Mapping[str, Any] | None]],
) -> None:
    """Other systems hear whose what was changed; those that may, how it was and is."""

    def happened() -> Iterator[Happening]:
        for customer_id, old, new in changes:
            fields = sorted({*(old or {}), *(new or {})})
            yield Happening(
                {"what": what, "fields": fields}, customer_id, None, {"before": old, "after": new}
            )

    announce_all(session, "customer.changed", acting.at if acting else None, happened)


def _differing(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides as JSON holds them, without what is alike."""
    old, new = _plain(before), _plain(after)
    if old is not None and new is not None:
        same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
        old = {name: value for name, value in old.items() if name not in same}
        new = {name: value for name, value in new.items() if name not in same}
    return old, new


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As JSON holds it: days, instants and amounts as they are written."""
    if values is None:
        return None
    found: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return found
