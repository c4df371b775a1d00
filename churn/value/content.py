"""How content customers are, by groups of them: answers to surveys of a year, told only of groups that are
large enough (`segments.domain.guarding`), with their intervals (`surveys.domain.scores`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.segments.domain.guarding import FEWEST, Group, guarded
from utility_crm.surveys.domain.scores import QUESTIONS, Interval, Question, Tally, is_bad, is_good

DAYS = 365
BY = ("segment", "area", "tariff", "tenth", "saved")
_GROUPS = {
    "segment": "v.segment",
    "area": "coalesce(n.name, v.area)",
    "tariff": "v.tariff",
    "tenth": "lpad(cast(v.tenth as text), 2, '0')",
    "saved": "case when v.customer_id = any(cast(:listed as bigint[])) then 'in' else 'out' end",
}
_ANSWERS = """
    with v as (
        select customer_id, segment, area, tariff,
               case when chance is not null
                    then ntile(10) over (partition by chance is null order by chance desc) end as tenth
        from customer_values),
    a as (
        select s.question, s.score, s.customer_id, coalesce({group}, '') as part
        from surveys s
        join v on v.customer_id = s.customer_id
        left join network_nodes n on n.code = v.area and n.parent_id is null
        where s.state = 'sent' and s.score is not null and s.answered_at >= :since)
    select a.question, a.part, a.score, count(*), max(w.customers)
    from a
    join (select question, part, count(distinct customer_id) as customers from a group by 1, 2) w
      on w.question = a.question and w.part = a.part
    group by a.question, a.part, a.score order by 1, 2, 3
"""
_STATEMENTS = {name: text(_ANSWERS.format(group=sql)) for name, sql in _GROUPS.items()}


@dataclass(frozen=True, slots=True)
class Content:
    """A group and one question: part None stands for `of` groups that are told together; figure None where
    they are too few even so."""

    question: Question
    part: str | None
    customers: int
    answers: int
    figure: Interval | None
    of: int = 1


def content(
    session: Session, by: str, now: datetime, listed: Sequence[int] = ()
) -> tuple[dict[Question, Tally], list[Content]]:
    """All answers to each question, and those of each group: the largest first, the rest last. One
    statement."""
    values: dict[str, Any] = {"since": now - timedelta(days=DAYS)}
    if by == "saved":
        values["listed"] = list(listed)
    rows = session.execute(_STATEMENTS[by], values).all()
    return grouped([(row[0], row[1], row[2], row[3], row[4]) for row in rows])


def grouped(
    rows: Iterable[tuple[Question, str, int, int, int]],
) -> tuple[dict[Question, Tally], list[Content]]:
    """rows: question, group, score, answers, and customers of the group and question."""
    tallies: dict[tuple[Question, str], Tally] = {}
    people: dict[tuple[Question, str], int] = {}
    for question, part, score, count, customers in rows:
        good, bad = count * is_good(question, score), count * is_bad(question, score)
        one = Tally(question, count, count, good, bad)
        key = (question, part)
        tallies[key] = tallies[key] + one if key in tallies else one
        people[key] = customers
    whole = {
        question: sum((one for (of, _), one in tallies.items() if of == question), Tally(question))
        for question in QUESTIONS
    }
    return whole, [row for question in QUESTIONS for row in _told(question, tallies, people)]


def _told(
    question: Question, tallies: dict[tuple[Question, str], Tally], people: dict[tuple[Question, str], int]
) -> list[Content]:
    mine = {part: one for (of, part), one in tallies.items() if of == question}
    told = guarded([Group(part, people[question, part], people[question, part]) for part in mine])
    shown = {one.value for one in told if one.value is not None}
    rest = sum((one for part, one in mine.items() if part not in shown), Tally(question))
    found = []
    for group in told:
        tally = rest if group.value is None else mine[group.value]
        figure = tally.figure(FEWEST)
        found.append(Content(question, group.value, group.customers, tally.answers, figure, group.of))
    return found
