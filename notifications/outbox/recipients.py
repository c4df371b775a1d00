"""What must be known of a customer before anything is sent: address, consent, language, clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings

# One row a wish, in the order of the wishes. The newest word on consent holds; the premise is where the
# account (or the customer's first) is supplied now, else where it last was.
_RECIPIENTS = text("""
    select customers.language,
           coalesce(mail.value, '') as address,
           word.granted as consent,
           home.timezone
    from unnest(cast(:customers as bigint[]), cast(:accounts as bigint[]))
         with ordinality as wish (customer_id, account_id, position)
    left join customers on customers.id = wish.customer_id
    left join lateral (
        select value from contact_points
        where contact_points.customer_id = wish.customer_id and kind = 'email'
        order by preferred desc, id limit 1
    ) as mail on true
    left join lateral (
        select granted from consents
        where consents.customer_id = wish.customer_id and purpose = :purpose and channel = :channel
        order by at desc, id desc limit 1
    ) as word on true
    left join lateral (
        select premises.timezone
        from occupancies join premises on premises.id = occupancies.premise_id
        where occupancies.account_id = coalesce(
            wish.account_id, (select min(id) from accounts where accounts.customer_id = wish.customer_id)
        )
        order by occupancies.ends_before is null desc, occupancies.starts_on desc limit 1
    ) as home on true
    order by wish.position
""")


@dataclass(frozen=True, slots=True)
class Recipient:
    """How one customer is reached. `address` is empty where there is none; `consent` None where nothing was
    said; `language` None where there is no such customer. `zone` is the premise's, else the utility's
    own."""

    language: str | None
    address: str
    consent: bool | None
    zone: str


def recipients(
    session: Session, wishes: Sequence[tuple[int, int | None]], purpose: str, channel: str = "email"
) -> list[Recipient]:
    """A recipient for each (customer id, account id or None), in order. One statement."""
    given = {
        "customers": [customer for customer, _ in wishes],
        "accounts": [account for _, account in wishes],
        "purpose": purpose,
        "channel": channel,
    }
    own_zone = settings().timezone
    return [
        Recipient(row.language, row.address, row.consent, row.timezone or own_zone)
        for row in session.execute(_RECIPIENTS, given)
    ]
