"""The telephone's part of the simulated utility: extensions, and the calls of yesterday."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from utility_crm.demo.context import DemoBuild

_CALLERS = text("""
    select cp.customer_id, cp.normal from contact_points cp
    where cp.kind = 'phone' order by cp.customer_id limit 4
""")
_AGENT = text("select id, extension from users where role = 'agent' order by id limit 1")
_NUMBERED = text("""
    update users u set extension = (200 + place)::text
    from (select id, row_number() over (order by id) as place from users) as numbered
    where numbered.id = u.id and u.extension is null
      and not exists (select from users o where o.extension = (200 + place)::text)
""")
_COLUMNS = (
    "provider_call", "direction", "state", "number_said", "number", "line", "extension", "user_id",
    "began_at", "answered_at", "ended_at", "talked_seconds", "customer_id", "caller", "note",
)  # fmt: skip
_LINE = "+443300000000"
_UNKNOWN = "+447700900000"
"""A number of a range that is kept for invention (Ofcom)."""


def build(context: DemoBuild) -> None:
    """Everybody gets an extension; four calls of yesterday, one nobody took, and one of an unknown caller."""
    connection = context.connection
    connection.execute(_NUMBERED)
    agent = connection.execute(_AGENT).one_or_none()
    callers = connection.execute(_CALLERS).all()
    if agent is None or not callers:
        return
    first = context.now - timedelta(minutes=100)
    rows = []
    for place, (customer_id, number) in enumerate(callers):
        began = first + timedelta(minutes=17 * place)
        answered = None if place == 1 else began + timedelta(seconds=7 + place)
        ended = (answered or began) + timedelta(seconds=25 if answered is None else 140 + 70 * place)
        talked = 0 if answered is None else int((ended - answered).total_seconds())
        rows.append((
            f"demo-{place}", "in", "ended", number, number, _LINE, agent.extension, agent.id, began, answered,
            ended, talked, customer_id, "", "",
        ))  # fmt: skip
    began = first + timedelta(minutes=80)
    rows.append((
        "demo-unknown", "in", "ended", _UNKNOWN, _UNKNOWN, _LINE, agent.extension, agent.id, began,
        began + timedelta(seconds=9), began + timedelta(seconds=70), 61, None, "", "",
    ))  # fmt: skip
    context.copy_rows("calls", _COLUMNS, rows)
