"""What is written about jobs: their next times, runs and failures, and which clocks there are.

Every function works on a connection and leaves committing to its caller.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from utility_crm.kit.due import Plan, Standing, due
from utility_crm.kit.module import Job
from utility_crm.kit.said import stored

_STANDINGS = text("""
    select name, due_at, started_at, finished_at, failures, paused_at, asked_at from job_runs
    where cast(:name as text) is null or name = :name
""")
_KNOWN = text("""
    insert into job_runs (name, due_at) select name, at from unnest(cast(:names as text[]),
        cast(:times as timestamptz[])) as given (name, at)
    on conflict (name) do update set due_at = excluded.due_at
""")
_BEGIN = text("""
    insert into job_runs (name, started_at, due_at, clock_id, backend_pid)
    values (:name, :now, :due_at, :clock, pg_backend_pid())
    on conflict (name) do update set
        started_at = excluded.started_at, finished_at = null, result = '', error = null, trace = '',
        due_at = excluded.due_at, clock_id = excluded.clock_id, backend_pid = excluded.backend_pid,
        failures = job_runs.failures + cast(:cut_off as int),
        failing_since = case when :cut_off then coalesce(job_runs.failing_since, job_runs.started_at)
                             else job_runs.failing_since end,
        ran_for_at = job_runs.asked_at, ran_for_by = job_runs.asked_by, asked_at = null, asked_by = null
""")
_END = text("""
    update job_runs as here
    set finished_at = :now, result = :result, error = :error, trace = :trace,
        failures = case when cast(:error as text) is null then 0 else before.failures + 1 end,
        failing_since = case when cast(:error as text) is not null
                             then coalesce(before.failing_since, before.started_at) end
    from (select name, failures, failing_since, started_at from job_runs where name = :name) as before
    where here.name = before.name
    returning before.failing_since is not null as failed_before
""")
_EVENT = text("""
    insert into job_events (job, at, kind, detail, trace) values (:job, :at, :kind, :detail, :trace)
""")
_HUNG = text("""
    select run.name, pg_terminate_backend(held.pid) as ended
    from job_runs as run
    join pg_locks as held on held.locktype = 'advisory' and held.granted and held.pid = run.backend_pid
        and held.database = (select oid from pg_database where datname = current_database())
        and (held.classid::bigint << 32) + held.objid::bigint = hashtextextended('job ' || run.name, 1)
    left join clocks as its on its.id = run.clock_id
    where run.finished_at is null and run.clock_id <> :me
      and coalesce(its.seen_at, 'epoch') < clock_timestamp() - make_interval(secs => :seconds)
""")
_HERE = text("""
    insert into clocks (host, pid, started_at, seen_at)
    values (:host, :pid, clock_timestamp(), clock_timestamp()) returning id
""")
_SEEN = text("""
    insert into clocks (id, host, pid, started_at, seen_at, leads_since)
    values (:me, :host, :pid, clock_timestamp(), clock_timestamp(),
            case when :leads then clock_timestamp() end)
    on conflict (id) do update set seen_at = excluded.seen_at,
        leads_since = case when :leads then coalesce(clocks.leads_since, excluded.leads_since) end
""")
_LEADS = text("update clocks set leads_since = null where id <> :me and leads_since is not null")
_FORGET = text("delete from clocks where seen_at < clock_timestamp() - interval '1 hour' and id <> :me")
_LEAVE = text("delete from clocks where id = :me")
_LONGEST_WORDS: Final = 2000
_LONGEST_TRACE: Final = 20_000


def standings(connection: Connection) -> dict[str, Standing]:
    """What is stored about every job."""
    rows = connection.execute(_STANDINGS, {"name": None}).all()
    return {row.name: Standing(*row[1:]) for row in rows}


def standing(connection: Connection, name: str) -> Standing:
    """What is stored about one job."""
    row = connection.execute(_STANDINGS, {"name": name}).one_or_none()
    return Standing() if row is None else Standing(*row[1:])


def settle_times(connection: Connection, plans: Mapping[str, Plan], now: datetime) -> None:
    """Every job gets its row and its next time: what was missed is due at once."""
    # A leader of before may be beginning a job: it does so before this is read, or after it is written.
    connection.execute(text("lock table job_runs in share row exclusive mode"))
    known = standings(connection)
    times = [due(plan, known.get(name, Standing()), now) for name, plan in plans.items()]
    connection.execute(_KNOWN, {"names": list(plans), "times": times})


def begin_run(
    connection: Connection, job: Job, before: Standing, due_at: datetime, now: datetime, clock: int | None
) -> None:
    """The job is begun; one that was cut off is a failure, too."""
    given = {"name": job.name, "now": now, "due_at": due_at, "clock": clock, "cut_off": before.unfinished}
    connection.execute(_BEGIN, given)
    if before.unfinished:
        _note(connection, job.name, "cut_off", now)


def end_run(
    connection: Connection, name: str, result: str, error: str | None, trace: str, now: datetime
) -> None:
    """What came of it. That it begins to fail, or is well again, is an event; a further failure is none."""
    kept = stored(result, _LONGEST_WORDS)
    given = {"name": name, "now": now, "result": kept}
    words, where = error and error[:_LONGEST_WORDS], trace[-_LONGEST_TRACE:]
    ended = connection.execute(_END, {**given, "error": words, "trace": where}).one()
    if words is not None and not ended.failed_before:
        _note(connection, name, "failing", now, words, where)
    elif words is None and ended.failed_before:
        _note(connection, name, "well", now, kept)


def end_hung(connection: Connection, me: int, seconds: float) -> Sequence[str]:
    """Ends the sessions of jobs whose clock has said nothing for so long, though its connection stands: it is
    stopped, or its machine is. What they did not finish is rolled back. The names of the jobs."""
    return [row.name for row in connection.execute(_HUNG, {"me": me, "seconds": seconds}) if row.ended]


def announce(connection: Connection) -> int:
    """This process is a clock now; its number."""
    return int(connection.scalar(_HERE, _here()) or 0)


def seen(connection: Connection, me: int, *, leads: bool) -> None:
    """A sign of life."""
    connection.execute(_SEEN, {**_here(), "me": me, "leads": leads})


def take_the_lead(connection: Connection, me: int) -> None:
    """This clock leads and no other."""
    connection.execute(_LEADS, {"me": me})
    connection.execute(_FORGET, {"me": me})
    seen(connection, me, leads=True)


def leave(connection: Connection, me: int) -> None:
    """This process is no clock any more."""
    connection.execute(_LEAVE, {"me": me})


def _here() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid()}


def _note(
    connection: Connection, job: str, kind: str, at: datetime, detail: str = "", trace: str = ""
) -> None:
    connection.execute(_EVENT, {"job": job, "at": at, "kind": kind, "detail": detail, "trace": trace})
