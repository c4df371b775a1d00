"""`utility-crm churn explain`"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from churn.commands.app import app
from churn.queries import StoredReason
from churn.registry_words import WATCHED_WORDS
from churn.words import Words
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

if TYPE_CHECKING:
    from churn.actions import Explained


@app.command()
def explain(
    customer: Annotated[str, typer.Option("--customer", help="the customer's number", metavar="NUMBER")],
    as_json: AsJson = False,
) -> None:
    """Why a customer has the chance they have: every fact with what it adds, until nothing is left over."""
    from churn.actions import explain as taken_apart  # frames and models, for this command alone

    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = taken_apart(session, customer)
        emit(_document(found), as_json, lambda: _in_words(found))


def _document(found: Explained) -> dict[str, Any]:
    return {
        "customer": found.number,
        "as_of": found.as_of.isoformat(),
        "model": found.model_id,
        "chance": found.chance,
        "stored": found.stored,
        "usual": found.usual,
        "average": found.average,
        "intercept": found.intercept,
        "log_odds": found.log_odds,
        "terms": [asdict(term) for term in found.terms],
        "reasons": [
            {"reason": one["group"], "points": one["points"], "text": text, "figures": one["figures"]}
            for one, text in zip(found.reasons, _texts(found), strict=True)
        ],
    }


def _texts(found: Explained) -> list[str]:
    words = Words("en")
    said = (
        words.reason(StoredReason(one["group"], one["points"], one["figures"]), found.as_of)
        for one in found.reasons
    )
    return [f"{text}, {detail}" if detail else text for text, detail in said]


def _in_words(found: Explained) -> str:
    lines = [
        f"customer {found.number}: {found.chance:.1%} as of {found.as_of}, usual {found.usual:.1%} "
        f"(model {found.model_id})",
        f"average in everything: {100 * found.average:>7.2f}",
    ]
    lines += [
        f"{one['points']:>+8.2f}  {text}" for one, text in zip(found.reasons, _texts(found), strict=True)
    ]
    lines.append(f"together: {100 * found.chance:.2f} in 100")
    lines += ["", "log-odds, fact by fact, against the average of everybody:"]
    lines.append(f"{found.intercept:>+8.3f}  to begin with")
    lines += [
        f"{term.log_odds:>+8.3f}  ({term.usual_log_odds:+.3f})  {WATCHED_WORDS.get(term.fact, term.fact)}: "
        f"{_value(term.value)}"
        for term in found.terms
    ]
    lines.append(f"{found.log_odds:>+8.3f}  together")
    if not found.is_as_stored:
        lines.append(
            f"It was {found.stored:.1%} when scored: what is kept without history has changed since."
        )
    return "\n".join(lines)


def _value(value: float | str | None) -> str:
    return "not known" if value is None else value if isinstance(value, str) else f"{value:.4g}"
