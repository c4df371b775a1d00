"""`utility-crm churn list`"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import typer

from churn.commands.app import app
from churn.queries import PAGE_ROWS, Leaver, ModelCard, Narrowed, leavers, model_card
from churn.words import SEGMENTS, Words
from utility_crm.auth.teams import areas
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.kit.runtime import database


@app.command("list")
def list_(
    rows: Annotated[
        int, typer.Option("--rows", min=1, help="how many, the highest chance first")
    ] = PAGE_ROWS,
    segment: Annotated[str, typer.Option("--segment", help="household, small_business or industry")] = "",
    area: Annotated[str, typer.Option("--area", help="code of a network area")] = "",
    as_json: AsJson = False,
) -> None:
    """Who may leave, the highest chance first, with their reasons."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        card = model_card(session)
        if card is None or card.status != "scored":
            raise Refused("not_scored", "Nobody has been scored yet: run `utility-crm churn fit`.")
        _known("--segment", segment, SEGMENTS)
        _known("--area", area, [code for code, _ in areas(session)])
        found = leavers(session, Narrowed(segment, area), rows=rows)
        document = {
            "as_of": card.as_of.isoformat(),
            "usual": card.usual,
            "customers": [_customer_document(one) for one in found],
        }
        emit(document, as_json, lambda: _list_words(found, card))


def _known(option: str, given: str, allowed: Collection[str]) -> None:
    """Raises Invalid: a word that nobody has would make an empty list, which says that nobody may leave."""
    if given and given not in allowed:
        raise Invalid("not_known", f"'{given}' is none of {', '.join(allowed)}", option)


def _customer_document(one: Leaver) -> dict[str, Any]:
    return {
        "rank": one.rank,
        "customer": one.number,
        "name": one.name,
        "segment": one.segment,
        "area": one.area,
        "tariff": one.tariff,
        "score": one.score,
        "reasons": [
            {"reason": reason.group, "points": reason.points, "figures": dict(reason.figures)}
            for reason in one.reasons
        ],
    }


def _list_words(found: list[Leaver], card: ModelCard) -> str:
    words = Words("en")
    lines = [f"as of {card.as_of}, usual {card.usual:.1%}"]
    for one in found:
        why = "; ".join(f"{said.text} {said.points}" for said in words.reasons(one.reasons, card.as_of))
        lines.append(f"{one.rank:>5}  {one.score:>6.1%}  {one.number}  {one.name}  {why}")
    return "\n".join(lines)
