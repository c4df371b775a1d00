"""The audit log read: rows by person, customer, kind and day; who saw a customer; the figures of a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.audit.asking import Asking

_ROWS = """
select l.id, l.at, l.kind, l.what, l.outcome, l.subject_kind, l.subject, l.before, l.after, l.address,
    coalesce(u.name, ''), coalesce(u.login, ''), coalesce(t.name, ''), l.customer_id, coalesce(c.name, ''),
    coalesce(c.number, '')
from audit_log l
left join users u on u.id = l.user_id
left join api_tokens t on t.id = l.token_id
left join customers c on c.id = l.customer_id
where {conditions}
order by l.at desc, l.id desc
limit :most
"""
_SAW = """
select coalesce(u.name, ''), coalesce(u.login, ''), coalesce(t.name, ''), min(l.at), max(l.at),
    count(*) filter (where l.kind in ('view', 'search') and l.outcome = 'done'),
    count(*) filter (where l.kind = 'change' and l.outcome = 'done'),
    count(*) filter (where l.kind = 'export' and l.outcome = 'done'),
    count(*) filter (where l.outcome = 'refused')
from audit_log l
left join users u on u.id = l.user_id
left join api_tokens t on t.id = l.token_id
where {conditions}
group by l.user_id, l.token_id, u.name, u.login, t.name
order by max(l.at) desc
limit :most
"""
_FIGURES = text("""
select count(*) filter (where kind in ('view', 'search') and outcome = 'done'),
    count(*) filter (where kind = 'change' and outcome = 'done'),
    count(*) filter (where outcome = 'refused'),
    count(*) filter (where kind = 'export' and outcome = 'done')
from audit_log where at >= :since
""")
_WHOM = text("""
select id, name, number from (
    select c.id, c.name, c.number, 0 as rank from customers c where upper(c.number) = upper(:typed)
    union all select c.id, c.name, c.number, 1 from accounts a join customers c on c.id = a.customer_id
        where a.number = replace(:typed, ' ', '')
    union all select c.id, c.name, c.number, 2 from customers c where lower(c.name) = lower(:typed)
) as found order by rank, id limit 1
""")


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row as people read it. `by`: a person's name, `token` a machine's; `said`: what the change said of
    itself; `customer_id` may be of somebody who is gone."""

    id: int
    at: datetime
    kind: str
    what: str
    outcome: str
    subject_kind: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    address: str
    by: str
    login: str
    token: str
    customer_id: int | None
    customer: str
    number: str

    @property
    def said(self) -> str:
        """The sentence that told what was done."""
        return str((self.after or {}).get("said", "")) if self.kind == "change" else ""


@dataclass(frozen=True, slots=True)
class Saw:
    """What one person, or one machine, did with one customer."""

    by: str
    login: str
    token: str
    first_at: datetime
    last_at: datetime
    looks: int
    changes: int
    files: int
    refused: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How many of each since a moment."""

    looks: int
    changes: int
    refused: int
    files: int


@dataclass(frozen=True, slots=True)
class Whom:
    """The customer that is asked about."""

    id: int
    name: str
    number: str


def figures_since(session: Session, since: datetime) -> Figures:
    """What happened since."""
    return Figures(*session.execute(_FIGURES, {"since": since}).one())


def whom(session: Session, typed: str) -> Whom | None:
    """The customer of this number, account or whole name."""
    row = session.execute(_WHOM, {"typed": typed}).one_or_none() if typed else None
    return Whom(*row) if row is not None else None


def log_rows(session: Session, asking: Asking, customer: Whom | None, zone: str, most: int) -> list[LogRow]:
    """The rows asked for, newest first."""
    sql, values = _asked(_ROWS, asking, customer, zone)
    return [LogRow(*row) for row in session.execute(text(sql), {**values, "most": most})]


def who_saw(session: Session, asking: Asking, customer: Whom, zone: str, most: int = 200) -> list[Saw]:
    """Everybody who looked at a customer or tried to, the last first."""
    sql, values = _asked(_SAW, asking, customer, zone)
    return [Saw(*row) for row in session.execute(text(sql), {**values, "most": most})]


def people(session: Session) -> list[tuple[str, str]]:
    """Login and name of everybody who may be asked about."""
    found = session.execute(text("select login, name from users order by name, login"))
    return [(login, name) for login, name in found]


def _asked(sql: str, asking: Asking, customer: Whom | None, zone: str) -> tuple[str, dict[str, Any]]:
    conditions, values = ["true"], {}
    told: dict[str, tuple[str, Any]] = {
        "l.kind = any(:kinds)": ("kinds", list(asking.kinds)),
        "l.outcome = cast(:outcome as text)": ("outcome", "refused" if asking.ask == "refused" else None),
        "l.customer_id = :customer": ("customer", customer.id if customer else None),
        "l.user_id = (select id from users where login = :person)": ("person", asking.person),
        "l.at >= :since": ("since", asking.begins(zone)),
        "l.at < :until": ("until", asking.ends_before(zone)),
    }
    for condition, (name, value) in told.items():
        if value:
            conditions.append(condition)
            values[name] = value
    if asking.before is not None:
        conditions.append("(l.at, l.id) < (:before_at, :before_id)")
        values["before_at"], values["before_id"] = asking.before
    return sql.format(conditions=" and ".join(conditions)), values
