"""The page of those who may leave: its four questions, answered from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from churn.domain.facts import NUMERIC
from churn.domain.label import HORIZON_DAYS
from churn.queries import (
    HIGH_TIMES_USUAL,
    PAGE_ROWS,
    Crowd,
    Leaver,
    Lost,
    ModelCard,
    Narrowed,
    areas,
    crowd,
    leavers,
    lost,
    model_card,
    other_ends,
    reasons_at_the_top,
)
from churn.words import Said, Words
from utility_crm.web.formats import number, percent, signed_number

QUESTIONS = ("who", "good", "why", "lost")
FEWEST_AT_THE_TOP = 10
EVERYBODY = Narrowed()


@dataclass(frozen=True, slots=True)
class LeaverRow:
    """A row of the list: the customer, and their reasons in words."""

    leaver: Leaver
    times_usual: float
    reasons: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the tested customers: what was said and what happened, and where they stand on the chart."""

    name: str
    customers: int
    predicted: float
    observed: float
    left: int
    bar: float
    tick: float


@dataclass(frozen=True, slots=True)
class Weight:
    """A reason among those at the top: how many have it, and how much it adds on average."""

    name: str
    customers: int
    points: str
    share: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """A fact on average: of those who left, and of those who stayed."""

    name: str
    left: str
    stayed: str


@dataclass(frozen=True, slots=True)
class LostRow:
    """Somebody lost, and what was said of them before: None for whoever was not scored then."""

    lost: Lost
    score: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class LeaversPage:
    """Everything the template shows. Parts of questions that were not chosen are empty."""

    chosen: str
    narrowed: Narrowed
    card: ModelCard | None
    everybody: Crowd
    shown: Crowd
    high_from: float
    window_ends: date | None
    lost_count: int
    lost_since: date
    first_reason: str
    rows: tuple[LeaverRow, ...] = ()
    skip: int = 0
    areas: tuple[tuple[str, str], ...] = ()
    tenths: tuple[Tenth, ...] = ()
    weights: tuple[Weight, ...] = ()
    at_the_top: int = 0
    contrasts: tuple[Contrast, ...] = ()
    lost_rows: tuple[LostRow, ...] = ()
    lost_foreseen: int = 0
    other_ends: Mapping[str, int] | None = None

    @property
    def lost_scored(self) -> int:
        """How many of those lost had been scored before."""
        return sum(row.rank is not None for row in self.lost_rows)

    @property
    def earlier(self) -> int | None:
        """Where the rows before these begin."""
        return max(0, self.skip - PAGE_ROWS) if self.skip else None

    @property
    def later(self) -> int | None:
        """Where the rows after these begin."""
        return self.skip + PAGE_ROWS if self.skip + PAGE_ROWS < self.shown.customers else None


def leavers_page(
    session: Session, chosen: str, narrowed: Narrowed, skip: int, today: date, language: str
) -> LeaversPage:
    """The page with one question answered in full; the others in short."""
    words = Words(language)
    card = model_card(session)
    usual = card.usual if card else 0.0
    everybody = crowd(session, EVERYBODY, usual)
    shown = everybody if narrowed == EVERYBODY else crowd(session, narrowed, usual)
    gone = lost(session, today)
    top = top_size(shown.customers)
    reasons = reasons_at_the_top(session, narrowed, top)
    common: dict[str, Any] = {
        "chosen": chosen,
        "narrowed": narrowed,
        "card": card,
        "everybody": everybody,
        "shown": shown,
        "high_from": HIGH_TIMES_USUAL * usual,
        "window_ends": card.as_of + timedelta(days=HORIZON_DAYS) if card else None,
        "lost_count": len(gone),
        "lost_since": today - timedelta(days=HORIZON_DAYS),
        "first_reason": words.group(reasons[0][0]) if reasons else "",
        "areas": tuple(areas(session)),
        "at_the_top": top,
    }
    return LeaversPage(
        **common, **_evidence(session, chosen, narrowed, skip, today, card, gone, reasons, words)
    )


def top_size(customers: int) -> int:
    """How many customers "the top" are: a tenth, but ten at least."""
    return max(FEWEST_AT_THE_TOP, round(customers / 10))


def _evidence(
    session: Session,
    chosen: str,
    narrowed: Narrowed,
    skip: int,
    today: date,
    card: ModelCard | None,
    gone: Sequence[Lost],
    reasons: Sequence[tuple[str, int, float]],
    words: Words,
) -> dict[str, Any]:
    if chosen == "lost":
        rows = _lost_rows(card, gone)
        foreseen = sum(row.rank is not None and row.rank <= _first_fifth(card) for row in rows)
        return {"lost_rows": rows, "lost_foreseen": foreseen, "other_ends": other_ends(session, today)}
    if card is None:
        return {}
    if chosen == "good":
        return {"tenths": _tenths(card, words.language)}
    if chosen == "why":
        return {"weights": _weights(reasons, words), "contrasts": _contrasts(card, words)}
    rows_shown = leavers(session, narrowed, skip=skip)
    return {"rows": leaver_rows(rows_shown, card, words), "skip": skip}


def leaver_rows(found: Sequence[Leaver], card: ModelCard, words: Words) -> tuple[LeaverRow, ...]:
    """The list with its reasons in words."""
    return tuple(
        LeaverRow(one, one.score / card.usual if card.usual else 0.0, words.reasons(one.reasons, card.as_of))
        for one in found
    )


def _tenths(card: ModelCard, language: str) -> tuple[Tenth, ...]:
    if card.tested is None:
        return ()
    groups = [
        (item["customers"], item["predicted"], item["left"] / item["customers"], item["left"])
        for item in card.tested["tenths"]
    ]
    most = 1.02 * max(max(predicted, observed) for _, predicted, observed, _ in groups) or 1.0
    return tuple(
        Tenth(
            number(place, 0, language),
            customers,
            predicted,
            observed,
            left,
            round(100 * observed / most, 2),
            round(100 * predicted / most, 2),
        )
        for place, (customers, predicted, observed, left) in enumerate(reversed(groups), 1)
    )


def _weights(reasons: Sequence[tuple[str, int, float]], words: Words) -> tuple[Weight, ...]:
    most = max((customers * points for _, customers, points in reasons), default=1.0) or 1.0
    return tuple(
        Weight(
            words.group(group),
            customers,
            signed_number(points, 1, words.language),
            round(customers * points / most, 4),
        )
        for group, customers, points in reasons
    )


_KINDS = {fact.name: fact.kind for fact in NUMERIC}


def _contrasts(card: ModelCard, words: Words) -> tuple[Contrast, ...]:
    """Facts that differ as they are written."""
    rows = (
        Contrast(
            words.fact(item["fact"]), *(_said(item, side, words.language) for side in ("left", "stayed"))
        )
        for item in card.figures.get("contrast", ())
    )
    return tuple(row for row in rows if row.left != row.stayed)


def _said(item: Mapping[str, Any], side: str, language: str) -> str:
    kind, value = _KINDS[item["fact"]], item[side]
    if kind == "change":
        return ("+" if value > 0 else "") + percent(value, 1, language)
    if kind == "share":
        return percent(value, 1, language)
    return number(value, 1 if kind in ("days", "years", "amount") else 2, language)


def _first_fifth(card: ModelCard | None) -> float:
    return float(card.figures["test"]["customers"]) / 5 if card and "test" in card.figures else 0.0


def _lost_rows(card: ModelCard | None, gone: Sequence[Lost]) -> tuple[LostRow, ...]:
    before = {item["customer_id"]: item for item in (card.figures.get("lost", ()) if card else ())}
    return tuple(
        LostRow(one, said["score"], said["rank"])
        if (said := before.get(one.customer_id)) is not None
        else LostRow(one, None, None)
        for one in gone
    )
