"""The gate's own numbers, as a utility sets them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.gate import RULES
from billing.domain.gate.book import SEGMENTS
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.words import mark

_SET = text(
    """
    insert into gate_rules (rule, segment, tariff_id, enabled, numbers)
    values (:rule, :segment, :tariff_id, :enabled, cast(:numbers as jsonb))
    on conflict (rule, segment, tariff_id) do update
        set enabled = excluded.enabled, numbers = excluded.numbers
    """
)
_UNSET = text(
    "delete from gate_rules where rule = :rule and segment is not distinct from :segment "
    "and tariff_id is not distinct from :tariff_id"
)


def set_gate_rule(
    session: Session,
    rule: str,
    numbers: Mapping[str, float],
    *,
    segment: str | None = None,
    tariff: str | None = None,
    enabled: bool = True,
) -> None:
    """Set a rule's numbers for a segment, a tariff (its code), both or all, in the place of what was set for
    them. Raises Invalid for a rule, number or segment that is none, NotFound for a tariff."""
    of_whom = _of_whom(session, rule, segment, tariff)
    for name, value in numbers.items():
        if name not in RULES[rule]:
            known = ", ".join(RULES[rule])
            raise Invalid("number", f"The rule {rule} has no number '{name}'; it has {known}.", name)
        if value < 0:
            raise Invalid("number", f"'{name}' cannot be below zero.", name)
    session.execute(_SET, {**of_whom, "enabled": enabled, "numbers": json.dumps(dict(numbers))})


def unset_gate_rule(
    session: Session, rule: str, *, segment: str | None = None, tariff: str | None = None
) -> bool:
    """Back to what holds without it; whether anything was set. Raises as `set_gate_rule`."""
    done = session.execute(_UNSET, _of_whom(session, rule, segment, tariff))
    return bool(getattr(done, "rowcount", 0))


def _of_whom(session: Session, rule: str, segment: str | None, tariff: str | None) -> dict[str, object]:
    if rule not in RULES:
        raise Invalid("rule", f"There is no rule '{rule}'; there are {', '.join(RULES)}.", rule)
    if segment is not None and segment not in SEGMENTS:
        raise Invalid("segment", f"'{segment}' is no segment: {', '.join(SEGMENTS)}.", segment)
    tariff_id = None
    if tariff is not None:
        tariff_id = session.scalar(text("select id from tariffs where code = :code"), {"code": tariff})
        if tariff_id is None:
            raise NotFound("tariff", mark("There is no tariff '%(tariff)s'."), tariff, tariff=tariff)
    return {"rule": rule, "segment": segment, "tariff_id": tariff_id}
