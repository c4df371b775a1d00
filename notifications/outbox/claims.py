"""Taking notices off the outbox and writing down what became of them: each function is one short transaction.

A claim is a lease. Rows are taken with `FOR UPDATE SKIP LOCKED`, marked as sending until the lease ends, and
committed before anything is sent; a worker that dies keeps nothing, since whoever comes after the lease
takes them again. Permission is asked again here, moments before sending: consent may be gone, night fallen,
the day's cap reached; and whoever knows is asked whether it is still true (`still_true`). Two workers asking
for one customer at once take turns (an advisory lock a customer), so that the cap holds; workers with
different customers never wait for each other.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.domain.message_id import message_id
from notifications.domain.permission import (
    Asked,
    Reason,
    Rules,
    SendNotBefore,
    Verdict,
    Withhold,
    local_midnight,
    not_to_the_dead,
    permission,
)
from notifications.domain.ways import CONTACT_KIND, SILENT
from notifications.outbox.going_on import Claimed, go_another_way
from notifications.outbox.present_address import Present, present_addresses
from notifications.outbox.receipts import act_on_early
from notifications.outbox.still_true import as_they_are_now
from notifications.types import notice_type

_log = logging.getLogger(__name__)
_CUSTOMER_LOCKS = 0x6E6F7469
"""The class of this module's advisory locks ("noti")."""
_TURNS = 2**31
OF_THE_WAY: Final = frozenset(
    {Reason.NO_ADDRESS, Reason.CONSENT_WITHDRAWN, Reason.NO_CONSENT, Reason.SUPPRESSED}
)
"""Reasons that stand against one way, and not against another."""

_TAKE = text("""
    select id, key, notice, customer_id, account_id, purpose, channel, channels, address, language, timezone,
           urgent, context, useful_before, message_id, claims, attempts, addressed,
           exists (select from delivery_attempts as begun
                   where begun.notice_id = outbox.id and begun.ended_at is null) as begun
    from outbox
    where channel = :channel and state in ('waiting', 'sending') and not_before <= :now
      and (lease_until is null or lease_until <= :now) and priority < :below
    order by priority, not_before, id
    limit :batch
    for update skip locked
""")

_TAKE_TURNS = text("""
    select pg_advisory_xact_lock(:locks, turn) from unnest(cast(:turns as int[])) as turn
""")

# As of after the turns were taken: what others claimed or sent for these customers is visible now. Theirs are
# found by the customer alone: asked for by their state, the index of all that is due would be read for each.
_SITUATION = text(r"""
    select notice.id, coalesce(customers.name, notice.context ->> 'to_name', '') as name,
           customers.died_on is not null as died,
           case when notice.addressed then true else word.granted end as consent,
           exists (select from suppressions
                   where suppressions.channel = notice.channel and lifted_at is null
                     and suppressions.address = lower(notice.address)) as suppressed,
           notice.addressed or exists (select from contact_points as point
                   where point.customer_id = notice.customer_id and point.kind = :kind
                     and lower(regexp_replace(point.value, '[\s,]+', '', 'g'))
                       = lower(regexp_replace(notice.address, '[\s,]+', '', 'g'))) as theirs,
           coalesce(others.sent, '{}') as sent, others.on_their_way
    from outbox as notice
    left join customers on customers.id = notice.customer_id
    cross join lateral (
        select array_agg(other.sent_at) filter (where other.sent_at > :since) as sent,
               count(*) filter (where other.state = 'sending' and not other.id = any (:ids)) as on_their_way
        from outbox as other where other.customer_id = notice.customer_id
    ) as others
    left join lateral (
        select granted from consents
        where consents.customer_id = notice.customer_id and consents.purpose = notice.purpose
          and consents.channel = notice.channel
        order by at desc, id desc limit 1
    ) as word on true
    where notice.id = any (:ids)
""")

_DECIDE = text("""
    with decided as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as row (
            id bigint, state text, reason text, not_before timestamptz, lease_until timestamptz,
            message_id text, last_error text
        )
    ), told as (
        insert into notice_events (notice_id, at, kind, reason, detail)
        select id, :now, case state when 'waiting' then 'put_off' when 'dead' then 'given_up' else state end,
               reason, coalesce(last_error, '')
        from decided where state <> 'sending'
    )
    update outbox set state = decided.state, reason = decided.reason, not_before =
    coalesce(decided.not_before, outbox.not_before),
        lease_until = decided.lease_until, message_id = coalesce(decided.message_id, outbox.message_id),
        last_error = coalesce(decided.last_error, outbox.last_error),
        claims = outbox.claims + 1
    from decided where outbox.id = decided.id
""")

_NOBODY_KNOWS = text("""
    update delivery_attempts set ended_at = :now, outcome = 'unknown',
                                 detail = 'the worker died while it was being sent'
    where notice_id = any (:ids) and ended_at is null
""")

_NOT_BEGUN = text("""
    update delivery_attempts set ended_at = :now, outcome = 'later', detail = 'nothing could be sent'
    where notice_id = any (:ids) and ended_at is null
""")

_GIVE_BACK = text("""
    update outbox set state = 'waiting', lease_until = null
    where id = any (:ids) and state = 'sending' and lease_until = :lease
""")


@dataclass(frozen=True, slots=True)
class Terms:
    """How workers claim: `batch` notices for `lease`; one taken up `most_claims` times without an outcome is
    dead, since it seems to kill whoever sends it. Only notices of a priority number below `below` are
    taken."""

    batch: int = 20
    lease: timedelta = timedelta(seconds=60)
    most_claims: int = 40
    below: int = 32767


URGENT_BELOW: Final = 20
"""Priority numbers below this are emergencies, which have workers of their own."""


def claim(
    session: Session,
    now: datetime,
    terms: Terms,
    sender_address: str,
    rules: Rules = Rules(),
    channel: str = "email",
) -> tuple[int, list[Claimed]]:
    """Take what is due by a channel, most urgent first: how many were looked at, and those this worker now
    holds.

    The others of them were withheld, put off or parked with their reason, or go another way from now on.
    """
    taken = session.execute(
        _TAKE, {"now": now, "batch": terms.batch, "channel": channel, "below": terms.below}
    ).all()
    if not taken:
        return 0, []
    ids = [row.id for row in taken]
    # All workers queue for customers in one order, so none waits for the other in a circle.
    turns = sorted({(row.customer_id or 0) % _TURNS for row in taken})
    session.execute(_TAKE_TURNS, {"locks": _CUSTOMER_LOCKS, "turns": turns})
    given = {"ids": ids, "since": now - timedelta(hours=26), "kind": CONTACT_KIND[channel]}
    situation = {row.id: row for row in session.execute(_SITUATION, given)}
    changed = as_they_are_now(session, taken, now)
    moved = present_addresses(session, [row for row in taken if not situation[row.id].theirs], now)
    lease_until = now + terms.lease
    underway: Counter[int] = Counter()
    decisions: list[dict[str, Any]] = []
    held: list[Claimed] = []
    closed: list[Claimed] = []
    for row in taken:
        known = situation[row.id]
        now_so = changed.get(row.id, {})
        there = moved.get(row.id, Present(row.address, known.suppressed))
        verdict = _verdict(row, known, there, underway[row.customer_id], now, rules)
        if now_so is None:
            verdict = Withhold(Reason.NO_LONGER_TRUE)
        name = row.message_id or message_id(row.key, sender_address, row.channel)
        if isinstance(verdict, Withhold) and verdict.reason in OF_THE_WAY and len(row.channels) > 1:
            closed.append(_held(row, known.name, name, lease_until, there.address, {}))
        decision = _decision(row, verdict, terms)
        if decision["state"] == "sending":
            decision |= {"lease_until": lease_until.isoformat(), "message_id": name}
            underway[row.customer_id] += 1
            held.append(_held(row, known.name, name, lease_until, there.address, now_so or {}))
        decisions.append(decision)
    session.execute(_DECIDE, {"rows": json.dumps(decisions), "now": now})
    if begun := [row.id for row in taken if row.begun]:
        session.execute(_NOBODY_KNOWS, {"ids": begun, "now": now})
    parked = [row.message_id for row, one in zip(taken, decisions, strict=True) if one["state"] == "parked"]
    if parked := [name for name in parked if name]:
        act_on_early(session, parked, now)
    go_another_way(session, closed, now)
    return len(taken), held


def give_back(session: Session, unsent: Sequence[Claimed], now: datetime) -> None:
    """Let others send these at once: this worker is stopping, or its way out is down. No try is counted."""
    if unsent:
        ids = [one.id for one in unsent]
        session.execute(_NOT_BEGUN, {"ids": ids, "now": now})
        session.execute(_GIVE_BACK, {"ids": ids, "lease": unsent[0].lease_until})


def _verdict(
    row: Row[Any], known: Row[Any], there: Present, underway: int, now: datetime, rules: Rules
) -> Verdict | str:
    """The verdict, or in words why there can be none: one bad row must not keep its whole batch from going.

    Nobody can say when it is night in a time zone that is none; `ZoneInfo` says so in three ways
    (`ZoneInfoNotFoundError` is a KeyError; a name that leads out of the folder, or to one).
    """
    try:
        return permission(_asked(row, known, there, underway, now), now, rules)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        _log.warning("notice %s cannot be judged in the time zone %r: %s", row.id, row.timezone, error)
        return f"nobody can say when it may go in the time zone {row.timezone!r}: {error}"


def _asked(row: Row[Any], known: Row[Any], there: Present, underway: int, now: datetime) -> Asked:
    """`underway` are this claim's own notices to the same customer that came before this one."""
    midnight = local_midnight(now, row.timezone)
    return Asked(
        purpose=row.purpose,
        address=there.address,
        consent=known.consent,
        zone=row.timezone,
        urgent=row.urgent,
        sent_today=sum(at >= midnight for at in known.sent) + known.on_their_way + underway,
        useful_before=row.useful_before,
        suppressed=there.suppressed,
        silent=row.channel in SILENT,
        died=known.died and not_to_the_dead(row.purpose, row.notice),
    )


def _decision(row: Row[Any], verdict: Verdict | str, terms: Terms) -> dict[str, Any]:
    """What the claim changes in the row; absent keys are null. A verdict in words is why it is dead."""
    if isinstance(verdict, str):
        return {"id": row.id, "state": "dead", "last_error": verdict[:500]}
    if isinstance(verdict, Withhold):
        return {"id": row.id, "state": "withheld", "reason": verdict.reason}
    if isinstance(verdict, SendNotBefore):
        return {
            "id": row.id,
            "state": "waiting",
            "reason": verdict.reason,
            "not_before": verdict.at.isoformat(),
        }
    if row.begun and notice_type(row.notice).in_doubt == "park":
        error = "a worker died while it was being sent: it may have arrived"
        return {"id": row.id, "state": "parked", "last_error": error}
    if row.claims >= terms.most_claims:
        error = f"taken up {row.claims} times, and nobody lived to say what became of it"
        return {"id": row.id, "state": "dead", "last_error": error}
    return {"id": row.id, "state": "sending"}


def _held(
    row: Row[Any],
    name: str,
    message_id: str,
    lease_until: datetime,
    address: str,
    changed: Mapping[str, Any],
) -> Claimed:
    return Claimed(
        id=row.id,
        key=row.key,
        message_id=message_id,
        notice=row.notice,
        customer_id=row.customer_id,
        account_id=row.account_id,
        purpose=row.purpose,
        channel=row.channel,
        channels=tuple(row.channels),
        name=name,
        address=address,
        language=row.language,
        timezone=row.timezone,
        context={**row.context, **changed},
        attempts=row.attempts,
        lease_until=lease_until,
    )
