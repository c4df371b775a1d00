"""The demo's promises and complaints, and that the clock finds nothing strange in them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import TODAY
from utility_crm.demo.build import build_into
from utility_crm.installed import modules
from utility_crm.tickets.complaints.queries import waiting
from utility_crm.tickets.complaints.watching import watch_complaints
from utility_crm.tickets.rules.store import kept_rules
from utility_crm.tickets.sla.ticking import watch_promises


def test_the_demo_has_promises_kept_and_broken_and_complaints_in_every_stage(session: Session) -> None:
    ground = [module for module in modules() if module.name.startswith("utility_crm.tickets")]
    build_into(session.connection(), ground, as_of=TODAY, customers=200)
    row = session.execute(
        text("""
            select count(*) as all, count(breached_at) as broken,
                   count(*) filter (where met_at is null) as running,
                   count(*) filter (where met_at < t.opened_at) as odd
            from ticket_promises join tickets t on t.id = ticket_id
        """)
    ).one()
    assert row.all > 50 and 0 < row.broken < row.all / 2 and row.running > 5 and row.odd == 0
    assert session.scalar(text("""
        select count(*) from ticket_promises p join tickets t on t.id = p.ticket_id
        where p.what = 'first_answer' and p.met_at is null and p.due_at is distinct from t.first_answer_due_at
    """)) == 0  # fmt: skip
    stages = dict(session.execute(text("select stage, count(*) from complaints group by stage")).all())
    assert stages.get("closed", 0) >= 1 and waiting(session)
    assert not [rule.name for rule in kept_rules(session) if rule.broken] and len(kept_rules(session)) >= 7
    unled = session.scalar(text("""
        select count(*) from contacts k where k.complaint and k.answered_at is null
          and not exists (select from complaints c where c.contact_id = k.id)
    """))  # fmt: skip
    assert unled == 0
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    watch_complaints(session, now)
    watch_promises(session, now)
    assert "0 due soon, 0 late" in watch_complaints(session, now)
