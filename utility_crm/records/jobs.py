"""What the clock does with imports: larger files are checked, taken and taken back by it; old rows go."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, acts
from utility_crm.kit.clock import today_in
from utility_crm.kit.errors import CareError
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.records.taking import Where, check_import, take_import
from utility_crm.records.undoing import undo_import
from utility_crm.records.ways import look_for_ways
from utility_crm.web.words import mark

STAGED_DAYS = 30
REFUSED_DAYS = 90
_NEXT = text("""
    select id, wanted, case wanted when 'undo' then undone_by else coalesce(taken_by, made_by) end as by
    from record_imports where wanted <> '' order by id limit 1 for update skip locked
""")
_FAILED = text("""
    update record_imports set wanted = '', failed = :failed,
        undone_by = case when state = 'undone' then undone_by end
    where id = :id
""")
_FORGET = text("""
    with old as (
        delete from record_imports where state in ('staged', 'checked')
            and made_at < :staged_before returning 1
    ), rows as (
        delete from record_rows r using record_imports i where i.id = r.import_id
            and i.state in ('taken', 'undone') and i.taken_at < :refused_before returning 1
    ), refusals as (
        update record_refusals f set value = '', figures = '{}' from record_imports i
        where i.id = f.import_id and i.state in ('taken', 'undone') and i.taken_at < :refused_before
            and f.value <> ''
    )
    select (select count(*) from old) as files, (select count(*) from rows) as rows
""")


def here() -> Where:
    """The utility's own zone, country and currency."""
    knobs = settings()
    return Where(knobs.timezone, knobs.country, knobs.currency)


def work(session: Session, now: datetime) -> str:
    """Does what is wanted of the next import; whatever refuses it stands on its page."""
    found = session.execute(_NEXT).one_or_none()
    if found is None:
        return said(mark("nothing waits"))
    today = settings().as_of or today_in(settings().timezone, now)
    acts(session, Acting(now, f"records {found.wanted}", found.by))
    act = {"check": check_import, "take": take_import, "undo": undo_import}[found.wanted]
    try:
        with session.begin_nested():
            act(session, found.id, here(), now=now, today=today, by=found.by)
    except CareError as error:
        session.execute(_FAILED, {"id": found.id, "failed": error.message})
        return said(mark("import %(id)s cannot go on"), id=found.id)
    return said(mark("import %(id)s went on"), id=found.id)


def forget(session: Session, now: datetime) -> str:
    """Files that were never taken go after a month, rows that were refused after three."""
    values = {
        "staged_before": now - timedelta(days=STAGED_DAYS),
        "refused_before": now - timedelta(days=REFUSED_DAYS),
    }
    gone = session.execute(_FORGET, values).one()
    return said(mark("%(files)s files and %(rows)s refused rows forgotten"), files=gone.files, rows=gone.rows)


def look_at_ways(session: Session, now: datetime) -> str:
    """What is not in normal form is found; nothing is changed."""
    found = look_for_ways(session, country=settings().country, now=now)
    words = mark("%(can)s phones and e-mails can be put right, %(cannot)s nobody can read")
    return said(words, can=found.can, cannot=found.cannot)


JOBS = (
    Job("records.work", 10, work, mark("Go on with large files of other systems")),
    Job(
        "records.ways",
        86_400,
        look_at_ways,
        mark("Look for phones and e-mails not in normal form"),
        at=time(3, 20),
    ),
    Job("records.forget", 86_400, forget, mark("Forget files of other systems"), at=time(3, 40)),
)
