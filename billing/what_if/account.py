"""What an account would pay on each tariff it could be on, over the bills of its last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.domain.rating.load_shift import Shift
from billing.domain.rating.stay import MONTHS, Judgement, judged
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bill_parts import parts_of_bills, read_bills
from billing.queries.bills import BillRow
from billing.queries.choices import places_of
from billing.queries.prices import with_known_prices
from billing.what_if.eligible import candidates, offers_for
from billing.what_if.replaying import BilledMonth, Coverage, Replay, coverage_of, replayed


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate: its replay, the saving by month (below zero where it costs more), and the judgement."""

    replay: Replay
    saving_minor: tuple[int, ...]
    judgement: Judgement

    @property
    def tariff(self) -> Tariff:
        return self.replay.tariff


@dataclass(frozen=True, slots=True)
class AccountWhatIf:
    """bills: the months replayed, oldest first. own: the tariff of the newest bill over all of them; where it
    was changed meanwhile its total is not what was billed. others: the cheapest first; refused: those that
    cannot be priced.
    """

    bills: tuple[BillRow, ...]
    own: Replay | None
    others: tuple[Compared, ...]
    refused: tuple[Replay, ...]
    coverage: Coverage
    shift: Shift

    @property
    def billed_minor(self) -> int:
        return sum(bill.total_minor for bill in self.bills)

    @property
    def best(self) -> Compared | None:
        """The cheapest candidate."""
        return self.others[0] if self.others else None

    @property
    def advised(self) -> Compared | None:
        """The cheapest candidate that is worth a change; None: stay."""
        return next((one for one in self.others if not one.judgement.stay), None)


def account_what_if(
    session: Session, bills: Sequence[BillRow], today: date, shift: Shift, *, only: str | None = None
) -> AccountWhatIf:
    """bills: issued bills of one account, the newest first; the last twelve are replayed. only: no other
    tariff but this one is; it is judged as one of all.

    Four statements, and two more where tariffs name price series.
    """
    year = tuple(reversed(bills[:MONTHS]))
    if not year:
        return AccountWhatIf((), None, (), (), Coverage(0, 0, 0, 0), shift)
    found = parts_of_bills(session, [bill.id for bill in year])
    # Gas and water are on no tariff of electricity.
    parts = {of: [part for part in mine if part.tariff.metered_unit == "kWh"] for of, mine in found.items()}
    read = read_bills(session, [(bill, parts[bill.id]) for bill in year])
    months = [BilledMonth(bill, mine) for bill, mine in zip(year, read, strict=True)]
    newest = [item.part for item in months[-1].parts]
    if not newest:
        return AccountWhatIf(year, None, (), (), coverage_of(months), shift)
    places = places_of(session, [part.agreement_id for part in newest])
    own = {part.tariff.code: part.tariff for part in newest}
    offered = candidates(offers_for(session, places, today), list(own.values()), newest[0].timezone)
    count = len(offered)
    offered = [one for one in offered if only in (None, one.code)]
    spans = [item.part.span for month in months for item in month.parts]
    priced = with_known_prices(
        session,
        {offer.id: offer.tariff for offer in offered},
        min(span[0] for span in spans),
        max(span[1] for span in spans),
    )
    mine = replayed(months, newest[-1].tariff, shift) if len(own) == 1 else None
    now_minor = mine.cost_minor if mine and not mine.refused else tuple(bill.total_minor for bill in year)
    others, refused = [], []
    for offer in offered:
        replay = replayed(months, priced[offer.id], shift)
        if replay.refused:
            refused.append(replay)
            continue
        saving = tuple(now - then for now, then in zip(now_minor, replay.cost_minor, strict=True))
        others.append(Compared(replay, saving, judged(saving, sum(now_minor), count)))
    others.sort(key=lambda one: (one.replay.total_minor, one.tariff.code))
    return AccountWhatIf(year, mine, tuple(others), tuple(refused), coverage_of(months), shift)
