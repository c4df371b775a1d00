"""What must be known of a customer before anything is sent: addresses, consents, language, clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.domain.ways import CHANNELS, CONTACT_KIND, Reach
from utility_crm.kit.settings import settings

# One row a wish, in the order of the wishes. Of each kind of contact point the preferred one counts, else
# the oldest; the newest word on consent holds; the premise is where the account (or the customer's first) is
# supplied now, else where it last was: not where a move to come leads.
_RECIPIENTS = text("""
    select customers.language, customers.died_on is not null as died, points.found as points,
           points.preferred, words.found as consents,
           suppressed.found as suppressed, home.timezone
    from unnest(cast(:customers as bigint[]), cast(:accounts as bigint[]), cast(:purposes as text[]))
         with ordinality as wish (customer_id, account_id, purpose, position)
    left join customers on customers.id = wish.customer_id
    left join lateral (
        select jsonb_object_agg(kind, case when kind = 'phone' and normal <> '' then normal else value end)
                   as found,
               jsonb_object_agg(kind, value) as written, max(kind) filter (where preferred) as preferred
        from (select distinct on (kind) kind, value, normal, preferred from contact_points
              where contact_points.customer_id = wish.customer_id
              order by kind, preferred desc, id) as best
    ) as points on true
    left join lateral (
        select jsonb_object_agg(channel, granted) as found
        from (select distinct on (channel) channel, granted from consents
              where consents.customer_id = wish.customer_id and consents.purpose = wish.purpose
              order by channel, at desc, id desc) as newest
    ) as words on true
    left join lateral (
        select array_agg(distinct suppressions.channel) as found
        from suppressions
        where suppressions.lifted_at is null and suppressions.address in (
            select lower(regexp_replace(value, '\\s*\n\\s*', ', ', 'g')) from jsonb_each_text(points.found)
            union
            select lower(regexp_replace(value, '\\s*\n\\s*', ', ', 'g')) from jsonb_each_text(points.written)
        )
    ) as suppressed on true
    left join lateral (
        select premises.timezone
        from occupancies join premises on premises.id = occupancies.premise_id
        cross join lateral (
            select cast(cast(:now as timestamptz) at time zone premises.timezone as date) as today
        ) as here
        where occupancies.account_id = coalesce(
            wish.account_id, (select min(id) from accounts where accounts.customer_id = wish.customer_id)
        )
        order by occupancies.starts_on <= here.today desc,
                 coalesce(occupancies.ends_before > here.today, true) desc, occupancies.starts_on desc
        limit 1
    ) as home on true
    order by wish.position
""")


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody (None: nobody we know) to be reached for a purpose; on the clock of this account's premise,
    where it is named."""

    customer_id: int | None
    account_id: int | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """How one customer is reached. `language` is None where there is no such customer; `zone` is the
    premise's, else the utility's own."""

    language: str | None
    zone: str
    reach: Reach
    died: bool = False


def recipients(session: Session, wishes: Sequence[Wish], now: datetime) -> list[Recipient]:
    """A recipient for each wish, in order. One statement."""
    given = {
        "now": now,
        "customers": [wish.customer_id for wish in wishes],
        "accounts": [wish.account_id for wish in wishes],
        "purposes": [wish.purpose for wish in wishes],
    }
    own_zone = settings().timezone
    return [
        Recipient(row.language, row.timezone or own_zone, _reach(row), row.died)
        for row in session.execute(_RECIPIENTS, given)
    ]


def _reach(row: Row[Any]) -> Reach:
    # a postal address may have lines; what goes into the outbox has one
    points = {kind: ", ".join(_lines(value)) for kind, value in (row.points or {}).items()}
    return Reach(
        addresses={
            channel: points[CONTACT_KIND[channel]] for channel in CHANNELS if CONTACT_KIND[channel] in points
        },
        consents=row.consents or {},
        suppressed=frozenset(row.suppressed or ()),
        preferred=row.preferred,
    )


def _lines(value: str) -> list[str]:
    return [line.strip() for line in value.split("\n") if line.strip()]
