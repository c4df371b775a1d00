"""The rules as this utility has them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.domain.validation.rulebook import RULES, SEGMENTS, RuleBook, rulebook
from meters.tables import ValidationRule
from utility_crm.kit.errors import Invalid, NotFound


def configured_rules(session: Session) -> RuleBook:
    """The defaults, and what was set over them."""
    columns = (
        ValidationRule.segment,
        ValidationRule.rule,
        ValidationRule.enabled,
        ValidationRule.parameters,
    )
    return rulebook(tuple(row) for row in session.execute(select(*columns)))


def set_rule(
    session: Session,
    segment: str,
    rule: str,
    enabled: bool | None = None,
    parameters: Mapping[str, float] | None = None,
) -> None:
    """Switch a rule of a segment on or off, or change its numbers; what is not named stays as it is.

    Raises NotFound for a rule or segment nobody knows, Invalid for a parameter that the rule has not, or that
    is below zero.
    """
    if rule not in RULES:
        raise NotFound("no_such_rule", f"There is no rule {rule!r}; there are {', '.join(RULES)}.", "rule")
    if segment not in SEGMENTS:
        known = ", ".join(SEGMENTS)
        raise NotFound("no_such_segment", f"There is no segment {segment!r}; there are {known}.", "segment")
    known_names = RULES[rule].numbers
    for name, number in (parameters or {}).items():
        if name not in known_names:
            has = ", ".join(known_names) or "none"
            raise Invalid("no_such_parameter", f"Rule {rule} has no parameter {name!r}; it has {has}.", name)
        if not (math.isfinite(number) and number >= 0):
            raise Invalid("bad_number", f"{name} must be zero or more, not {number}.", name)
    kept = session.get(ValidationRule, (segment, rule))
    now_on = configured_rules(session).settings[segment, rule].enabled if enabled is None else enabled
    values = {
        "enabled": now_on,
        "parameters": (dict(kept.parameters) if kept else {}) | dict(parameters or {}),
    }
    if kept is not None:
        session.expire(kept)
    statement = insert(ValidationRule).values(segment=segment, rule=rule, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ValidationRule.segment, ValidationRule.rule], set_=values
        )
    )
