"""Where does energy go missing? What flows into metered nodes against what the meters below them count."""

from __future__ import annotations

from datetime import timedelta

from meters.balance.queries import NodeBalance, node_balances
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.charts import Bars, bars
from utility_crm.web.formats import day, percent
from utility_crm.web.words import mark, translator

DAYS_BACK = 28
SUSPECT_SHARE = 0.02
"""A node is spoken of when it loses this much more of its energy than the node in the middle of all."""


def balances_of(call: FeedsCall) -> list[NodeBalance]:
    """Metered nodes of the last days, those that lose most first; use it through `call.once`."""
    yesterday = call.today - timedelta(days=1)
    return node_balances(call.session, call.today - timedelta(days=DAYS_BACK), yesterday)


def usual_share(nodes: list[NodeBalance]) -> float:
    """What the node in the middle loses."""
    shares = sorted(node.share for node in nodes if node.share is not None)
    return shares[len(shares) // 2] if shares else 0.0


def suspects(nodes: list[NodeBalance]) -> list[NodeBalance]:
    """Nodes that lose clearly more than the others, or count less than came out of them."""
    usual = usual_share(nodes)
    return [
        node
        for node in nodes
        if node.share is not None and (node.share > usual + SUSPECT_SHARE or node.share < -SUSPECT_SHARE)
    ]


def answer(call: FeedsCall) -> Answer:
    """The worst share, and how many stand out."""
    _ = translator(call.language, "meters")
    nodes = call.once(balances_of)
    if not nodes:
        return Answer(_("No node is metered"))
    odd = suspects(nodes)
    if not odd:
        return Answer(percent(usual_share(nodes), 1, call.language), _("lost at most places"))
    share = percent(odd[0].share or 0.0, 1, call.language)
    return Answer(share, _("at %(node)s", node=odd[0].name), "warn")


def sheet(call: FeedsCall) -> Sheet:
    """All metered nodes, and the days of one: the chosen, else the first."""
    nodes = call.once(balances_of)
    asked = call.number("node")
    chosen = next((node for node in nodes if node.node_id == asked), nodes[0] if nodes else None)
    chart = _chart(chosen, call.language) if chosen else None
    context = {
        "nodes": nodes,
        "chosen": chosen,
        "chart": chart,
        "odd": suspects(nodes),
        "usual": usual_share(nodes),
        "days_back": DAYS_BACK,
    }
    return Sheet("meters/questions/balance.html", context)


def _chart(node: NodeBalance, language: str) -> Bars:
    """Per cent lost a day; a day that lacks readings stands empty and hatched."""
    last = len(node.days) - 1
    values = [
        (day(one.day, language) if (last - place) % 7 == 0 else "", max(100 * (one.share or 0.0), 0.0))
        for place, one in enumerate(node.days)
    ]
    return bars(values, unfinished=[place for place, one in enumerate(node.days) if not one.whole])


QUESTION = FeedsQuestion("balance", mark("Where does energy go missing?"), 90, answer, sheet)
