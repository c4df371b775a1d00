"""Everything that is known of a campaign's effect: what is judged as it is kept, the rest as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from churn.campaigns.earned import earned
from churn.campaigns.results.campaigned import Campaigned, campaigned
from churn.campaigns.results.counting import Counts, Tally, counted
from churn.campaigns.results.kept import kept_rows
from churn.campaigns.results.rows import Row, early_look, rows_of_margin, rows_of_shares
from churn.campaigns.sending import spent_minor
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.effects import Effect
from churn.domain.campaigns.judging import OUTCOMES, Outcome
from churn.domain.campaigns.verdicts import romi
from churn.domain.label import HORIZON_DAYS

StandsOn = Literal["brought", "told", "billed", ""]
SHARES: tuple[Literal["taken", "lost"], ...] = ("taken", "lost")


@dataclass(frozen=True, slots=True)
class Results:
    """What is known on a day.

    tally: counts, as they were judged once uptake and leaving are. rows: by question, of each all together,
    by arm, then by segment. extra: taken up beyond control, with its interval, as customers. kept_margin:
    what all who were asked earned beyond control; stands_on: by margins that somebody `brought`, by customers
    kept and what was `told` of one's year, or by what was `billed` since the draw. romi: None where no margin
    is known or nothing was spent. margin_known: of how many members.
    """

    campaign: Campaigned
    on_day: date
    tally: Tally
    rows: tuple[Row, ...]
    spent_minor: int
    extra: Effect | None
    kept_margin: Effect | None
    stands_on: StandsOn
    margin_known: int

    @property
    def by_arm(self) -> Mapping[str, Counts]:
        return self.tally.by_arm

    @property
    def by_segment(self) -> Mapping[tuple[str, str], Counts]:
        """By (arm, segment)."""
        return self.tally.by_segment

    @property
    def by_channel(self) -> Mapping[tuple[str, str], Counts]:
        """By (arm, way)."""
        return self.tally.by_channel

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.by_arm if key != CONTROL))

    @property
    def judged(self) -> Mapping[Outcome, date]:
        """The day on which each question was judged; those that were."""
        return {row.outcome: row.judged_on for row in self.rows if row.judged_on is not None}

    def reached(self, outcome: Outcome) -> bool:
        """Whether a question's day has come, at the planned size."""
        day = self.campaign.days.get(outcome)
        return day is not None and self.on_day >= day and self.tally.sized(self.campaign)

    @property
    def return_judged(self) -> bool:
        """Whether that which the return stands on is judged."""
        return ("lost" if self.stands_on == "told" else "margin") in self.judged

    @property
    def return_day(self) -> date | None:
        """When that is judged which the return stands on, or would."""
        return self.campaign.days.get("lost" if self.stands_on == "told" else "margin")

    @property
    def days_watched(self) -> int:
        """Days since the draw in which who leaves is counted, of HORIZON_DAYS."""
        began = self.campaign.began_on
        return 0 if began is None else min(HORIZON_DAYS, (self.on_day - began).days)

    @property
    def control(self) -> Counts:
        return self.by_arm.get(CONTROL, Counts())

    @property
    def asked(self) -> Counts:
        """All arms together."""
        return sum((self.by_arm[key] for key in self.arms), Counts())

    @property
    def romi(self) -> Effect | None:
        """Return on what was spent, with the interval of the margin it stands on."""
        if self.kept_margin is None:
            return None
        found = [
            romi(value, self.spent_minor)
            for value in (self.kept_margin.difference, self.kept_margin.low, self.kept_margin.high)
        ]
        return None if found[0] is None or found[1] is None or found[2] is None else Effect(*found)  # type: ignore[arg-type]

    def row(self, outcome: Outcome, arm: str = "", segment: str = "") -> Row | None:
        return _found(self.rows, outcome, arm, segment)


def results(session: Session, campaign_id: int, today: date) -> Results:
    """What is known on a day. Five statements before anything is judged, two when all is. Raises NotFound."""
    one = campaigned(session, campaign_id)
    rows = kept_rows(session, campaign_id)
    tally = counted(session, one, today)
    judged = {row.outcome for row in rows}
    began = one.began_on
    if began is not None:
        for outcome in SHARES:
            if outcome not in judged:
                look = early_look(began, one.days[outcome], today)
                rows += rows_of_shares(outcome, tally, look, tariff=one.tariff_id is not None)
    known = sum(row.of + row.of_control for row in rows if row.outcome == "margin" and not row.arm)
    if "margin" not in judged and began is not None:
        look = early_look(began, one.days["margin"], today)
        margins = earned(session, campaign_id, look.level)
        rows += rows_of_margin(margins, look)
        known = margins.known
    rows.sort(key=lambda row: OUTCOMES.index(row.outcome))
    spent = spent_minor(session, campaign_id) if one.kept_spent_minor is None else one.kept_spent_minor
    taken = _found(rows, "taken")
    extra = None if taken is None or taken.effect is None else _times(taken.effect, taken.of)
    kept, stands_on = _kept(one, rows)
    return Results(one, today, tally, tuple(rows), spent, extra, kept, stands_on, known)


def _found(rows: Sequence[Row], outcome: Outcome, arm: str = "", segment: str = "") -> Row | None:
    wanted = (outcome, arm, segment)
    return next((one for one in rows if (one.outcome, one.arm, one.segment) == wanted), None)


def _kept(one: Campaigned, rows: Sequence[Row]) -> tuple[Effect | None, StandsOn]:
    """What was earned beyond control, and what that stands on. What a person told of a year goes before
    bills, which know of 90 days alone."""
    whole, lost = _found(rows, "margin"), _found(rows, "lost")
    earned_by = None if whole is None or whole.effect is None else _times(whole.effect, whole.of)
    if whole is not None and earned_by is not None and whole.source == "brought":
        return earned_by, "brought"
    if one.margin_minor is not None and lost is not None and lost.effect is not None:
        return _turned(_times(lost.effect, lost.of * one.margin_minor)), "told"
    return (earned_by, "billed") if earned_by is not None else (None, "")


def _times(effect: Effect, by: float) -> Effect:
    return Effect(effect.difference * by, effect.low * by, effect.high * by)


def _turned(effect: Effect) -> Effect:
    """Fewer lost is more kept."""
    return Effect(-effect.difference, -effect.high, -effect.low)
