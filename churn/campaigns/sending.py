"""Letters of running campaigns go to the outbox, a slice at a time; never commits.

Whether one may be written to, and at which hour, is the outbox's to say. Here it is asked again whether
anything has happened since the draw for which care comes first, or whether the offer is for them no more:
those are not written to, and stay in their arm, since they were assigned to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import default_decimals
from churn.campaigns.audience import HANDED_OVER, members_still
from churn.campaigns.drafting import LANGUAGES, note_event
from churn.campaigns.first_words import filled
from churn.campaigns.tokens import PATH, token
from notifications.consents.links import public_address
from notifications.outbox.queueing import queue_all
from notifications.types.campaign import TYPE, Offer, campaign
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day_long, money, number

SLICE = 500

_DUE = text("""
    select c.id, c.code, c.offer, c.amount, c.currency, c.ends_on, c.a_day, c.budget_minor, c.costs,
           coalesce(t.name, '') as tariff,
           (select count(*) from campaign_members m where m.campaign_id = c.id and m.sent_at >= :day_begins)
               as today_sent
    from campaigns c left join tariffs t on t.id = c.tariff_id
    where c.state = 'running' and c.starts_on <= :today and c.ends_on >= :today
    order by c.id for update of c
""")
_NEXT = text("""
    select m.id, m.customer_id, m.account_id, m.saving_minor, a.words, a.name as arm
    from campaign_members m
    join campaign_arms a on a.campaign_id = m.campaign_id and a.key = m.arm
    join customers k on k.id = m.customer_id and k.merged_into_id is null
    where m.campaign_id = :campaign and m.sent_at is null and m.not_sent = '' and m.answer = ''
      and 'notice' = any(a.ways)
    order by m.id limit :most for update of m skip locked
""")
_NOTED = text("""
    update campaign_members m set sent_at = :now, not_sent = r.why
    from unnest(cast(:ids as bigint[]), cast(:whys as text[])) as r (id, why)
    where m.id = r.id
""")
_KEPT_BACK = text("""
    update campaign_members m set not_sent = r.why
    from unnest(cast(:ids as bigint[]), cast(:whys as text[])) as r (id, why)
    where m.id = r.id
""")
# A letter that is so old that the outbox has forgotten it counts as an e-mail; a credit costs what it gives,
# and so do points.
_SPENT = text(f"""
    select coalesce(sum(case when o.state in ('withheld', 'dead') then 0
                 when o.id is not null then coalesce(cast(c.costs ->> o.channel as bigint), 0)
                 when {HANDED_OVER}
                 then coalesce(cast(c.costs ->> 'email' as bigint), 0) else 0 end
             + m.call_tries * coalesce(cast(c.costs ->> 'call' as bigint), 0)
             + case when m.answer = 'accepted' then greatest(
                   coalesce(cast(c.costs ->> 'accepted' as bigint), 0),
                   case c.offer when 'discount' then c.amount
                   when 'points' then c.amount * cast(:point_micro as bigint) / :micro_a_minor
                   else 0 end) else 0 end), 0)
    from campaign_members m
    join campaigns c on c.id = m.campaign_id
    left join outbox o on o.key = 'campaign:' || c.code || ':' || m.customer_id
    where m.campaign_id = :campaign
""")
_BUDGET_TOLD = text("select exists (select from campaign_events where campaign_id = :id and kind = 'budget')")


def send_due(session: Session, now: datetime, today: date) -> int:
    """Hand the next letters of every running campaign to the outbox; how many."""
    begins = datetime.combine(today, time(), ZoneInfo(settings().timezone)).astimezone(UTC)
    given = {"today": today, "day_begins": begins}
    return sum(_send(session, row, now, today) for row in session.execute(_DUE, given).all())


def spent_minor(session: Session, campaign_id: int) -> int:
    """What it cost so far: letters that were handed over, calls that were tried, and what was given."""
    known = settings()
    given = {
        "campaign": campaign_id, "point_micro": known.point_worth_micro or 0,
        "micro_a_minor": 10 ** (6 - default_decimals(known.currency)),
    }  # fmt: skip
    return int(session.execute(_SPENT, given).scalar_one())


def dearest_way(costs: Mapping[str, Any]) -> int:
    """What a letter costs by the dearest way that it may go, minor units."""
    return max(int(costs.get(way, 0)) for way in TYPE.channels)


def offers_of(words: dict[str, Any], row: Any, saving_minor: int | None) -> dict[str, Offer]:
    """An arm's words with a customer's figures in them, by language."""
    return {
        language: _offer(words[language], blanks(row, saving_minor, language))
        for language in LANGUAGES
        if words.get(language, {}).get("body")
    }


def blanks(row: Any, saving_minor: int | None, language: str) -> dict[str, str]:
    """The figures that words are filled with. row: a campaign's `offer`, `amount`, `currency`, `ends_on` and
    the `tariff`'s name."""
    amount = row.amount or 0
    given = number(amount, 0, language) if row.offer == "points" else money(amount, row.currency, language)
    return {
        "saving": money(saving_minor or 0, row.currency, language), "tariff": row.tariff, "amount": given,
        "until": day_long(row.ends_on, language),
    }  # fmt: skip


def _offer(words: dict[str, str], values: dict[str, str]) -> Offer:
    body = filled(words["body"], values).replace("\r\n", "\n")
    paragraphs = tuple(one.strip() for one in body.split("\n\n") if one.strip())
    return Offer(filled(words["headline"], values), paragraphs, filled(words["short"], values))


def _send(session: Session, row: Row[Any], now: datetime, today: date) -> int:
    room = SLICE if not row.a_day else min(SLICE, max(0, row.a_day - row.today_sent))
    dearest = dearest_way(row.costs)
    left = row.budget_minor - spent_minor(session, row.id)
    if dearest:
        room = min(room, max(0, left // dearest))
    if room == 0:
        if left < dearest and not session.scalar(_BUDGET_TOLD, {"id": row.id}):
            note_event(session, row.id, "budget", now, None)
        return 0
    people = session.execute(_NEXT, {"campaign": row.id, "most": room}).all()
    if not people:
        return 0
    why = members_still(session, [one.id for one in people], today)
    _note(session, _KEPT_BACK, [(one.id, why[one.id]) for one in people if why[one.id]], now)
    free = [one for one in people if not why[one.id]]
    base = public_address(settings())
    notices = [
        campaign(
            customer_id=one.customer_id, code=row.code, offers=offers_of(one.words, row, one.saving_minor),
            last_on=row.ends_on, account_id=one.account_id,
            link="" if base is None else f"{base}{PATH}{token(signing_keys(), one.id)}",
            useful_before=datetime.combine(
                row.ends_on + timedelta(days=1), time(), ZoneInfo(settings().timezone)
            ),
        )
        for one in free
    ]  # fmt: skip
    done = queue_all(session, notices, now)
    _note(
        session,
        _NOTED,
        [
            (one.id, str(became.reason or "withheld") if became.outcome == "withheld" else "")
            for one, became in zip(free, done, strict=True)
        ],
        now,
    )
    sent = sum(one.outcome == "queued" for one in done)
    note_event(session, row.id, "sent", now, None, str(sent))
    return sent


def _note(session: Session, statement: Any, pairs: Sequence[tuple[int, str]], now: datetime) -> None:
    if pairs:
        ids, whys = [one for one, _ in pairs], [why for _, why in pairs]
        given = {"ids": ids, "whys": whys}
        session.execute(statement, given | {"now": now} if statement is _NOTED else given)
