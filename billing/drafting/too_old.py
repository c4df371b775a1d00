"""What was used too long ago to be charged stays off a bill that is issued late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.domain.accounts.back_billing import charged_from, limit_of
from billing.domain.accounts.correcting import Owed, not_charged, owed, share_of
from billing.domain.tariffs.file import default_decimals
from billing.drafting.draft import draft_accounts
from billing.drafting.parts import Draft
from billing.queries.supplies import Supply
from utility_crm.kit.settings import settings


def without_too_old(
    session: Session,
    drafts: Sequence[Draft],
    found: Sequence[Supply],
    known_at: datetime | None,
    billed_on: date,
) -> list[Draft]:
    """The drafts, as if issued on a day, with lines that take back what days before the limit cost.

    The limit is that of the utility's country and its part, for the account's segment
    (`domain.accounts.back_billing`). found: the supplies that the drafts were made of. Of a draft across the
    limit the earlier days are rated by themselves, one pass for all that share the day; where they cannot be,
    they have their share by days. Energy and standing charges of these days are left out alike.
    """
    first = {one.account_id: day for one in drafts if (day := _charged_from(one, billed_on)) is not None}
    if not first:
        return list(drafts)
    parted = {one.account_id for one in drafts if one.account_id in first and _parted(one, first)}
    rated = _rated_before(session, [one for one in found if one.account_id in parted], first, known_at)
    return [_limited(one, first, rated) for one in drafts]


def _charged_from(draft: Draft, billed_on: date) -> date | None:
    """The first day that is charged; None where all of them are."""
    known = settings()
    limit = limit_of(known.country, draft.parts[0].supply.segment, known.subdivision)
    day = None if limit is None else charged_from(limit, billed_on)
    return day if day is not None and day > draft.starts_on else None


def _parted(draft: Draft, first: Mapping[int, date]) -> bool:
    return first[draft.account_id] < draft.ends_before


def _rated_before(
    session: Session, found: Sequence[Supply], first: Mapping[int, date], known_at: datetime | None
) -> dict[int, Owed]:
    """By account, what its days before the limit come to; without those that cannot be rated apart."""
    earlier = []
    for one in found:
        day = first[one.account_id]
        if one.ends_before <= day:
            earlier.append(one)
        elif one.starts_on < day:
            earlier.append(replace(one, ends_before=day, ends=False))
    if not earlier:
        return {}
    return {one.account_id: owed(one.lines) for one in draft_accounts(session, earlier, known_at).drafts}


def _limited(draft: Draft, first: Mapping[int, date], rated: Mapping[int, Owed]) -> Draft:
    day = first.get(draft.account_id)
    if day is None:
        return draft
    more = owed(draft.lines)
    if day < draft.ends_before:
        days, all_days = (day - draft.starts_on).days, (draft.ends_before - draft.starts_on).days
        more = rated.get(draft.account_id) or share_of(more, days, all_days)
    day = min(day, draft.ends_before)
    lines = not_charged(more, draft.starts_on, day, draft.currency, default_decimals(draft.currency))
    if not lines:
        return draft
    return replace(draft, others=(*draft.others, *lines), too_old_days=(day - draft.starts_on).days)
