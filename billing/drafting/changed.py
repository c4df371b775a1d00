"""A draft that somebody looked at, and that is another now: issuing it is refused, saying what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing.domain.gate import Figures
from billing.drafting.gate import Judged
from billing.drafting.parts import Draft, Hold
from utility_crm.kit.errors import Conflict


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at of one draft: its total before what a fixed amount leaves to pay, its energy, and
    how much of it was not measured."""

    total_minor: int
    micro_kwh: int
    missing_minutes: int
    estimated_minutes: int

    @classmethod
    def of(cls, figures: Figures) -> Looked:
        return cls(figures.total_minor, figures.micro_kwh, figures.missing_minutes, figures.estimated_minutes)


class DraftChanged(Conflict):
    """A draft is not the one that was looked at. looked: None where it was not there then; now: None where
    none can be made any more. reason: why it waits now. currency: of the totals, where any is known."""

    def __init__(
        self, account: str, currency: str, looked: Looked | None, now: Looked | None, reason: str = ""
    ) -> None:
        words = f"The draft of account {account} has changed since it was looked at: look again."
        super().__init__("draft_changed", f"{words} {reason}".strip(), account)
        self.account = account
        self.currency = currency
        self.looked = looked
        self.now = now
        self.reason = reason


def looked_at(judged: Iterable[Judged], drafts: Iterable[Draft]) -> dict[int, Looked]:
    """By account, of those drafts that are let through."""
    through = {one.account_id for one in drafts}
    return {one.draft.account_id: Looked.of(one.figures) for one in judged if one.draft.account_id in through}


def check_as_looked(
    looked: Mapping[int, Looked], judged: Iterable[Judged], drafts: Sequence[Draft], holds: Iterable[Hold]
) -> None:
    """Raises DraftChanged where a draft that goes out is not what was looked at, or was not looked at, and
    where one that was looked at has to wait. Who has been billed meanwhile is none of these."""
    drafted = {one.draft.account_id: one for one in judged}
    found = {account_id: Looked.of(one.figures) for account_id, one in drafted.items()}
    for one in drafts:
        before, now = looked.get(one.account_id), found.get(one.account_id)
        if before is None or now != before:
            raise DraftChanged(one.account, one.currency, before, now)
    for held in holds:
        before = looked.get(held.account_id)
        if before is not None:
            known = drafted.get(held.account_id)
            currency = known.draft.currency if known else ""
            raise DraftChanged(held.account, currency, before, found.get(held.account_id), held.reason)
