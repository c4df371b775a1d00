"""`utility-crm surveys ...`: who would be asked, asking now, what was answered."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, acts
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.surveys.asking import ask_due, would_ask
from utility_crm.surveys.domain.plans import document_of
from utility_crm.surveys.plan_store import kept_plan
from utility_crm.surveys.queries import counted
from utility_crm.web.visit import present

app = typer.Typer(help="Surveys after tickets: who would be asked, asking, figures.", no_args_is_help=True)


@app.callback()
def surveys() -> None:
    """Surveys after tickets: who would be asked, asking, figures."""


@app.command("next")
def coming(as_json: AsJson = False) -> None:
    """Who would be asked now, and who not and why. Nothing is sent or kept."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        plan = kept_plan(session).plan
        found = would_ask(session, present())
    asked = [one for one in found if not one.reason]
    why = Counter(one.reason for one in found if one.reason)
    document = {
        "active": plan.active,
        "asked": len(asked),
        "not_asked": dict(sorted(why.items())),
        "tickets": [
            {
                "ticket": one.ticket,
                "customer": one.customer,
                "solved_at": one.solved_at.isoformat(),
                "question": one.question,
                "reason": one.reason,
            }
            for one in found
        ],
    }
    lines = [
        f"{one.ticket}  {one.customer}  {(one.reason and '- ' + one.reason) or one.question}" for one in found
    ]
    off = [] if plan.active else ["surveys are switched off: nobody is asked"]
    emit(document, as_json, lambda: "\n".join([*off, *lines, f"{len(asked)} asked, {sum(why.values())} not"]))


@app.command("ask")
def ask(as_json: AsJson = False) -> None:
    """Ask whose turn has come, as the clock does every five minutes. Twice does nothing twice."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = present()
            _acting(session, "surveys ask")
            done = ask_due(session, now)
        document = {"looked_at": done.looked_at, "asked": done.asked, "not_asked": dict(done.why_not)}
        emit(document, as_json, lambda: f"{done.asked} asked, {sum(done.why_not.values())} not")


@app.command("figures")
def figures(
    days: Annotated[int, typer.Option(min=1, max=3660, help="surveys sent in so many days")] = 30,
    as_json: AsJson = False,
) -> None:
    """Satisfaction and net recommendation with their 95 % intervals."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        now = present()
        fewest = kept_plan(session).plan.fewest
        tallies = counted(session, now - timedelta(days=days), now)
    document: dict[str, Any] = {
        "days": days,
        "fewest": fewest,
        **{
            one.question: {
                "asked": one.asked,
                "answers": one.answers,
                "good": one.good,
                "bad": one.bad,
                "value": figure and round(figure.value, 4),
                "low": figure and round(figure.low, 4),
                "high": figure and round(figure.high, 4),
            }
            for one in tallies
            for figure in [one.figure(fewest)]
        },
    }

    def said() -> str:
        lines = []
        for one in tallies:
            figure = one.figure(fewest)
            sign = "+" if one.question == "nps" else ""
            share = "too few"
            if figure:
                value, low, high = (f"{part:{sign}.0%}" for part in (figure.value, figure.low, figure.high))
                share = f"{value} ({low} to {high})"
            lines.append(f"{one.question}: {share}, {one.answers} of {one.asked} answered")
        return "\n".join(lines)

    emit(document, as_json, said)


@app.command("plan")
def plan(as_json: AsJson = False) -> None:
    """Who is asked what, as it holds now."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        kept = kept_plan(session)
    document = {"version": kept.version, "changed_by": kept.by, **document_of(kept.plan)}
    rules = [
        f"{one.question} of {one.share_percent} %: "
        + (", ".join((*one.kinds, *one.channels, *one.segments)) or "all")
        for one in kept.plan.rules
    ]
    emit(document, as_json, lambda: "\n".join(rules) or "no rule: nobody is asked")


def _acting(session: Session, what: str) -> None:
    acts(session, Acting(present(), what))
