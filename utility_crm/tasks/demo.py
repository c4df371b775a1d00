"""The tasks' part of the demo utility: what was promised, what comes again, what was done; all simulated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.random_streams import stream
from utility_crm.tasks.actions import add_task, finish_task, snooze_task


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of the demo. days: from the as-of date to its due; hour: of the wall clock, "" for a whole day;
    about: who it is about is drawn among the customers; done: what came of it, one day after it was due."""

    title: str
    days: int
    hour: str = ""
    login: str = "priya"
    about: bool = True
    promised: bool = False
    priority: str = "normal"
    repeats: str = ""
    note: str = ""
    done: str = ""
    asleep: bool = False


OWN = (
    Planned("Call back about the estimated reading", 0, "15:30", promised=True, priority="high",
            note="They will have the meter's own figure at hand."),
    Planned("Send the copy of the September bill", 0, promised=True),
    Planned("Ask whether the new meter shows figures again", 0, "11:00"),
    Planned("Check that the refund has arrived", -1, promised=True, note="It left our bank two days before."),
    Planned("Answer in writing about the moved due date", -3, promised=True, priority="high"),
    Planned("Go through complaints that wait", 0, "16:30", about=False, repeats="weekdays"),
    Planned("Tell them which tariff suits the heat pump", 1, "10:15", promised=True),
    Planned("Ask for the tenancy agreement", 3),
    Planned("See that the direct debit was set up", 4),
    Planned("Call about the instalment plan", 5, "09:30", promised=True),
    Planned("Review the care data with them", 7, note="The consent ends next month."),
    Planned("Ask how the first bill in the new home was", 11),
    Planned("Weekly call with the meter team", 6, "10:00", about=False, repeats="weekly"),
    Planned("Ask again for the closing reading", 2, asleep=True),
    Planned("Explain the final bill after the move", -6, promised=True, done="Explained line by line."),
    Planned("Call back about the double payment", -4, "14:00", promised=True, done="On the account now."),
    Planned("Send the form for a change of name", -8, done="Sent by post."),
    Planned("Confirm the appointment with the electrician", -2, done="Tuesday morning suits them."),
)  # fmt: skip
OF_OTHERS = (
    Planned(
        "Say in the team why complaints came late", 0, "10:00", login="greta", about=False, priority="high"
    ),
    Planned("Look at tickets that nobody took since Friday", 0, login="greta", about=False),
    Planned(
        "Call them: their complaint is with us for the second time",
        0,
        "14:30",
        login="greta",
        promised=True,
        priority="high",
    ),
    Planned("Read five answers of the week with Owen", 1, "15:00", login="greta", about=False),
    Planned("Decide on the goodwill credit", -1, login="greta", note="The letter waits for the amount."),
    Planned("Plan who is at the telephones in the holidays", 4, login="greta", about=False),
    Planned(
        "Figures of the week for the morning round", 0, "09:00", login="greta", about=False, repeats="weekly"
    ),
    Planned(
        "Agree on words for the outage at the weekend",
        -3,
        login="greta",
        about=False,
        done="They are a ready answer now.",
    ),
    Planned("Call about the key to the meter cupboard", 0, "13:00", login="owen", promised=True),
    Planned("Ask for the reading of the move", 1, login="owen"),
    Planned("Read the month's list of silent meters", 0, login="sana", about=False, repeats="monthly"),
    Planned("Look at the meter that counts backwards", 1, login="sana", priority="high"),
    Planned("Check the works on the feeder with the field team", 3, "08:30", login="sana", about=False),
    Planned("Go through the tariff letter before it leaves", 2, login="tomas", about=False),
    Planned("Approve the new wording of the reminder", 1, login="ines", about=False),
)
DRAWN = (
    "Call back about the high bill", "Ask for the reading of the first day", "Send the list of payments",
    "Check the date of the meter change", "Say when the new tariff begins", "Ask whether the lights stay on",
)  # fmt: skip
HOW_MANY_DRAWN = 18


def build(context: DemoBuild) -> None:
    """Write them by the same actions as people would."""
    people = {row.login: row.id for row in context.connection.execute(text("select login, id from users"))}
    draw = stream(context.plan.seed, "tasks")
    customers = [one.id for one in context.plan.customers]
    about = [int(one) for one in draw.choice(customers, size=len(OWN) + len(OF_OTHERS) + HOW_MANY_DRAWN)]
    drawn = tuple(
        Planned(
            DRAWN[int(draw.integers(len(DRAWN)))], int(draw.integers(1, 26)), promised=draw.random() < 0.4
        )
        for _ in range(HOW_MANY_DRAWN)
    )
    with context.steps.step("Tasks", 1) as advance, context.session() as session:
        for planned, customer_id in zip((*OWN, *OF_OTHERS, *drawn), about, strict=True):
            due = _due(context.plan.as_of + timedelta(days=planned.days), planned.hour)
            added = datetime.combine(
                context.plan.as_of + timedelta(days=min(planned.days, 0) - 2), time(9), UTC
            )
            made = add_task(
                session, title=planned.title, due_at=due, now=added, by=people[planned.login],
                customer_id=customer_id if planned.about else None, note=planned.note,
                priority=planned.priority, promised=planned.promised, repeats=planned.repeats,
                remind_minutes=15 if planned.hour else None,
            )  # fmt: skip
            if planned.done:
                closed = datetime.combine(
                    context.plan.as_of + timedelta(days=planned.days + 1), time(10), UTC
                )
                finish_task(session, made, now=closed, by=people[planned.login], outcome=planned.done)
            if planned.asleep:
                until = _due(context.plan.as_of + timedelta(days=1), "09:00")
                assert isinstance(until, datetime)
                snooze_task(session, made, until, now=added, by=people[planned.login])
        advance(1)
    context.analyse("tasks", "task_events")


def _due(day: date, hour: str) -> date | datetime:
    return datetime.combine(day, time.fromisoformat(hour), ZoneInfo(ZONE)) if hour else day
