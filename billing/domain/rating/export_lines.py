"""Lines of net energy, of credit that is paid out, and of energy given back at its own price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from billing.domain.accounts.adjusting import Frame
from billing.domain.money import Int64Array, amounts
from billing.domain.plans.dynamic import DynamicFound
from billing.domain.plans.energy import EnergyKey
from billing.domain.plans.export import ExportPlan
from billing.domain.plans.net import NetFlow, NetPlan
from billing.domain.reckoning.lines import LineColumn, LineKind


def net_lines(plans: Sequence[NetPlan], flows: Sequence[NetFlow], frame: Frame) -> list[LineColumn]:
    """What is left to pay of each label, and what is paid out at the end of a year."""
    lines = []
    for plan, flow in zip(plans, flows, strict=True):
        for number in plan.energy.present:
            key = plan.energy.keys[number]
            lines.append(_line("energy", key, key.price_micro, flow.energy[:, number], frame))
        for span, left in flow.paid:
            of_span = _key(plan.code, span.rule.label, span.group, span.starts_on, span.ends_before)
            lines.append(_line("export", of_span, -span.rule.price_micro, left, frame))
    return lines


def export_lines(
    plan: ExportPlan,
    exported: Sequence[Int64Array],
    by_series: Sequence[DynamicFound],
    frame: Frame,
) -> list[LineColumn]:
    """Empty where nothing was measured. What is paid has a minus."""
    lines = []
    for found, sums in zip(plan.by_hours, exported, strict=False):
        for number in found.present:
            key = found.keys[number]
            lines.append(_line("export", key, -key.price_micro, sums[:, number], frame))
    for one, held in zip(plan.by_series, by_series, strict=False):
        for number, (dynamic, value) in enumerate(zip(one.keys, held.values, strict=True)):
            quantity = held.micro_kwh[:, number]
            lines.append(
                LineColumn(
                    "export",
                    dynamic.key.code,
                    dynamic.key.label,
                    "kWh",
                    0,
                    dynamic.key.starts_on,
                    dynamic.key.ends_before,
                    quantity,
                    value.amounts(-dynamic.unit, frame.decimals, frame.rounding),
                    dynamic.key.group,
                    value.means(quantity, -dynamic.unit),
                )
            )
    return lines


def _key(code: str, label: str, group: int, starts_on: date, ends_before: date) -> EnergyKey:
    return EnergyKey(group, code, label, 0, starts_on, ends_before)


def _line(kind: LineKind, key: EnergyKey, price_micro: int, quantity: Int64Array, frame: Frame) -> LineColumn:
    amount = amounts(quantity, price_micro, frame.decimals, frame.rounding)
    return LineColumn(
        kind,
        key.code,
        key.label,
        "kWh",
        price_micro,
        key.starts_on,
        key.ends_before,
        quantity,
        amount,
        key.group,
    )
