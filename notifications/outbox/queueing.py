"""What can be done with notices. Nothing here sends, and nothing commits: rows go to the outbox, delivery
reads it.

queue(session, payment_reminder(...), now)       one
queue_all(session, [payment_reminder(...), ...], now)     thousands, in two statements
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.lacking import lacking
from notifications.domain.message_id import message_id
from notifications.domain.permission import (
    Asked,
    Reason,
    Rules,
    SendNotBefore,
    Verdict,
    Withhold,
    not_to_the_dead,
    permission,
)
from notifications.domain.ways import SILENT, Way, first_way
from notifications.outbox.new_notice import Addressed, NewNotice, Queued
from notifications.outbox.planning import planned, sendable
from notifications.outbox.recipients import Recipient, Wish, recipients
from notifications.types import notice_type
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings

# Whoever is being erased is waited for here, and gets nothing then.
_INSERT = text("""
    with erased as (
        select id, erased_on from customers where id = any(cast(:customers as bigint[]))
        order by id for key share
    ), kept as (insert into outbox (
        key, notice, about, customer_id, account_id, purpose, channel, channels, address, language, timezone,
        urgent, priority, context, state, reason, not_before, useful_before, created_at, message_id, addressed
    )
    select key, notice, about, customer_id, account_id, purpose, channel, channels, address, language,
           timezone, urgent, priority, context, state, reason, not_before, useful_before, :now, message_id,
           addressed
    from jsonb_to_recordset(cast(:rows as jsonb)) as new (
        position int, key text, notice text, about text, customer_id bigint, account_id bigint, purpose text,
        channel text, channels text[], address text, language text, timezone text, urgent bool,
        priority smallint, context jsonb, state text, reason text, not_before timestamptz,
        useful_before timestamptz, message_id text, addressed bool
    )
    where not exists (select from erased where erased.id = new.customer_id and erased_on is not null)
    order by position
    on conflict (key) do nothing
    returning id, key, state, reason, created_at), told as (
        insert into notice_events (notice_id, at, kind, reason)
        select id, created_at, case state when 'waiting' then 'put_off' else state end, reason
        from kept where reason is not null
    )
    select key from kept
""")

_TAKE_BACK = text("""
    with taken as (
        update outbox set state = 'withheld', reason = 'no_longer_true', not_before = :now
        where about = any (:about) and state = 'waiting'
        returning id
    )
    insert into notice_events (notice_id, at, kind, reason, by_user)
    select id, :now, 'taken_back', 'no_longer_true', :by from taken
    returning notice_id
""")
# One that was joined into a letter that still waits leaves it; a letter with nothing left is not sent.
_LEAVE_OUT = text("""
    with letter as (
        select digest.id, digest.context from outbox as digest
        where digest.notice = 'digest' and digest.state = 'waiting' and digest.id in (
            select digest_id from outbox where about = any (:about) and reason = 'in_digest')
        for update
    ), gone as (
        update outbox set reason = 'no_longer_true' from letter
        where outbox.digest_id = letter.id and outbox.about = any (:about) and outbox.reason = 'in_digest'
        returning outbox.id, letter.id as letter_id
    ), remaining as (
        select letter.id, coalesce(
            (select jsonb_agg(item) from jsonb_array_elements(letter.context -> 'items') as item
             where cast(item ->> 'id' as bigint) not in (select id from gone)), '[]') as items
        from letter
    ), changed as (
        update outbox set context = jsonb_set(outbox.context, '{items}', remaining.items),
            state = case when remaining.items = '[]' then 'withheld' else outbox.state end,
            reason = case when remaining.items = '[]' then 'no_longer_true' else outbox.reason end
        from remaining where outbox.id = remaining.id
    )
    insert into notice_events (notice_id, at, kind, reason, by_user)
    select id, :now, 'left_out', 'no_longer_true', :by from gone
    returning notice_id
""")
_AGAIN = text("""
    with revived as (
        update outbox set state = 'waiting', reason = null, not_before = :now, attempts = 0, claims = 0
        where state = 'dead' and (cast(:id as bigint) is null or id = :id)
        returning id
    )
    insert into notice_events (notice_id, at, kind) select id, :now, 'again' from revived
    returning notice_id
""")


@dataclass(frozen=True, slots=True)
class _Judged:
    channels: tuple[str, ...]
    way: Way
    verdict: Verdict


def queue(session: Session, notice: NewNotice, now: datetime) -> Queued:
    """Put one notice into the outbox, once for its key. See `queue_all`."""
    return queue_all(session, [notice], now)[0]


def queue_all(session: Session, notices: Sequence[NewNotice], now: datetime) -> list[Queued]:
    """Put notices into the outbox, each once for its key, and say in order what became of each.

    A notice that may not be sent is kept as withheld with its reason. The daily cap is not asked here: it
    counts what was sent, which delivery knows. Raises `NotFound` for an unknown customer or kind of notice,
    `Invalid` where the context lacks what the kind needs.
    """
    reached = _recipients(session, notices, now)
    judged = [_judged(notice, recipient, now) for notice, recipient in zip(notices, reached, strict=True)]
    rows = [
        _row(position, notice, recipient, one, now)
        for position, (notice, recipient, one) in enumerate(zip(notices, reached, judged, strict=True))
    ]
    people = sorted({one.customer_id for one in notices if one.customer_id is not None})
    given = {"rows": json.dumps(rows), "now": now, "customers": people}
    inserted = set(session.scalars(_INSERT, given)) if rows else set()
    return [_became(notice, one.verdict, inserted) for notice, one in zip(notices, judged, strict=True)]


def foresee(session: Session, notices: Sequence[NewNotice], now: datetime) -> list[Verdict]:
    """What `queue_all` would decide about each notice now. Raises as it does; keeps nothing."""
    reached = _recipients(session, notices, now)
    return [
        _judged(notice, recipient, now).verdict for notice, recipient in zip(notices, reached, strict=True)
    ]


def take_back(session: Session, about: Sequence[str], now: datetime, by: int | None = None) -> int:
    """Withhold what has not been sent about these ("bill:F-000123", once it is paid); how many that were.
    `by`: the user who took it back, where a person did.

    One that is on its way at this moment is not stopped.
    """
    given = {"about": list(about), "now": now, "by": by}
    taken = session.execute(_TAKE_BACK, given).all()
    return len(taken) + len(session.execute(_LEAVE_OUT, given).all())


def try_again(session: Session, now: datetime, notice_id: int | None = None) -> int:
    """Let dead notices (or the one) go out again, as if never tried; how many that were."""
    return len(session.execute(_AGAIN, {"id": notice_id, "now": now}).all())


def _recipients(session: Session, notices: Sequence[NewNotice], now: datetime) -> list[Recipient]:
    wishes = [
        Wish(notice.customer_id, notice.account_id, notice_type(notice.notice).purpose) for notice in notices
    ]
    return recipients(session, wishes, now)


def _judged(notice: NewNotice, recipient: Recipient, now: datetime) -> _Judged:
    if recipient.language is None and (notice.to is None or notice.customer_id is not None):
        raise NotFound("no_such_customer", "there is no such customer to write to", str(notice.customer_id))
    kind = notice_type(notice.notice)
    if missing := lacking(notice.context, kind.needs, kind.may_be_empty):
        message = f"a {notice.notice} notice cannot be written without {', '.join(missing)}"
        raise Invalid("notice_lacks_context", message, notice.key)
    if notice.to is not None:
        return _judged_there(notice, notice.to, recipient, now)
    channels = planned(kind, recipient.reach)
    if notice.channels:
        channels = tuple(one for one in channels if one in notice.channels) or notice.channels[:1]
    if notice.first in channels:
        channels = (notice.first, *(one for one in channels if one != notice.first))
    if recipient.died and not_to_the_dead(kind.purpose, notice.notice):
        nowhere = Way(channels[0], recipient.reach.addresses.get(channels[0], ""))
        return _Judged(channels, nowhere, Withhold(Reason.DIED))
    way = first_way(recipient.reach, channels, kind.purpose)
    if isinstance(way, Reason):
        nowhere = Way(channels[0], recipient.reach.addresses.get(channels[0], ""))
        return _Judged(channels, nowhere, Withhold(way))
    if way.channel not in sendable(settings()):
        return _Judged(channels, way, Withhold(Reason.NO_CHANNEL))
    asked = Asked(
        purpose=kind.purpose,
        address=way.address,
        consent=recipient.reach.consents.get(way.channel),
        zone=notice.timezone or recipient.zone,
        urgent=notice.urgent,
        useful_before=notice.useful_before,
        silent=way.channel in SILENT,
    )
    return _Judged(channels, way, permission(asked, now, Rules()))


def _judged_there(notice: NewNotice, to: Addressed, recipient: Recipient, now: datetime) -> _Judged:
    """Of one that answers somebody where they wrote from."""
    way = Way(to.channel, to.address)
    if way.channel not in sendable(settings()):
        return _Judged((to.channel,), way, Withhold(Reason.NO_CHANNEL))
    asked = Asked(
        purpose=notice_type(notice.notice).purpose,
        address=to.address,
        consent=True,
        zone=notice.timezone or recipient.zone,
        urgent=notice.urgent,
        useful_before=notice.useful_before,
    )
    return _Judged((to.channel,), way, permission(asked, now, Rules()))


def _row(
    position: int, notice: NewNotice, recipient: Recipient, judged: _Judged, now: datetime
) -> dict[str, object]:
    verdict, way = judged.verdict, judged.way
    return {
        "position": position,
        "key": notice.key,
        "notice": notice.notice,
        "about": notice.about,
        "customer_id": notice.customer_id,
        "account_id": notice.account_id,
        "purpose": notice_type(notice.notice).purpose,
        "channel": way.channel,
        "channels": judged.channels,
        "address": way.address,
        "language": notice.to.language if notice.to else recipient.language,
        "addressed": notice.to is not None,
        "timezone": notice.timezone or recipient.zone,
        "urgent": notice.urgent,
        "priority": notice.priority,
        "context": {**notice.context, **({"to_name": notice.to.name} if notice.to else {})},
        "state": "withheld" if isinstance(verdict, Withhold) else "waiting",
        "reason": _reason(verdict),
        "not_before": (verdict.at if isinstance(verdict, SendNotBefore) else now).isoformat(),
        "useful_before": notice.useful_before and notice.useful_before.isoformat(),
        "message_id": message_id(notice.key, settings().mail_from, way.channel),
    }


def _reason(verdict: Verdict) -> Reason | None:
    return verdict.reason if isinstance(verdict, Withhold | SendNotBefore) else None


def _became(notice: NewNotice, verdict: Verdict, inserted: set[str]) -> Queued:
    """`inserted` loses what was told, so a key asked for twice in one call was `already` there the second
    time."""
    if notice.key not in inserted:
        return Queued(notice.key, "already")
    inserted.remove(notice.key)
    outcome = "withheld" if isinstance(verdict, Withhold) else "queued"
    return Queued(notice.key, outcome, _reason(verdict))  # type: ignore[arg-type]
