"""Steps, reasons and rules of dunning in words."""

from __future__ import annotations

from billing.wording import say
from utility_crm.web.words import mark

STEP_WORDS = {
    "reminder": mark("reminder"),
    "overdue": mark("overdue notice"),
    "final_warning": mark("final warning"),
    "limitation_notice": mark("notice of limitation"),
    "suspension_notice": mark("notice of suspension"),
    "hand_over": mark("handed to a person"),
    "stopped": mark("stopped"),
    "resumed": mark("goes on"),
    "limitation": mark("limitation ordered"),
    "suspension": mark("suspension ordered"),
    "taken_back": mark("order taken back"),
    "restore": mark("to be restored"),
    "restored": mark("supply restored"),
}
REASON_WORDS = {
    "due": mark("due today"),
    "paid": mark("nothing is late"),
    "agreed": mark("paid or agreed on"),
    "dispute": mark("the bill is disputed"),
    "plan": mark("it is paid in parts"),
    "promise": mark("payment is promised"),
    "collecting": mark("it is being collected"),
    "all_done": mark("all steps are done"),
    "one_a_day": mark("one step a day"),
    "small": mark("the debt is too small"),
    "norm_unknown": mark("the norm is not given"),
    "below_norm": mark("the debt is within the norm"),
    "not_delivered": mark("nobody knows that the last notice arrived"),
    "waiting": mark("the days of waiting run"),
    "vulnerable": mark("the customer is vulnerable"),
    "medical": mark("somebody there depends on supply for their health"),
    "season": mark("the season forbids it"),
    "temperature": mark("it is too cold"),
    "advisory": mark("a weather warning stands"),
    "dates": mark("these days are exempt"),
    "weekend": mark("it is a weekend"),
    "late_too_long": mark("late for too long to be reminded"),
}
RULE_WORDS = {
    "no_rule": mark("The strategy has no rule for this order"),
    "debt": mark("Something is owed that may be asked for"),
    "norm": mark("The debt exceeds the norm"),
    "notice": mark("The notice was delivered"),
    "waited": mark("The days since then are over"),
    "limited": mark("Supply was limited first, for long enough"),
    "stop_vulnerable": mark("Nobody there is vulnerable"),
    "stop_medical": mark("Nobody there depends on supply for their health"),
    "stop_season": mark("It is not the season in which they are protected"),
    "stop_temperature": mark("It is not freezing, nor forecast to"),
    "stop_advisory": mark("There is no heat advisory, nor was one in the days before"),
    "stop_dates": mark("The day is not exempt"),
    "stop_weekend": mark("It is not a weekend"),
}


def step_words(step: str, language: str) -> str:
    """A step in the language of the page."""
    return _said(STEP_WORDS, step, language)


def reason_words(reason: str, language: str) -> str:
    """A reason of the engine's; what a person wrote stays as it is."""
    return _said(REASON_WORDS, reason, language)


def rule_words(name: str, own: tuple[tuple[str, str], ...], language: str) -> str:
    """A rule of the checklist, in the words of the strategy's file where it has them."""
    told = dict(own)
    return told.get(language) or told.get("en") or _said(RULE_WORDS, name, language)


def order_words(kind: str, language: str) -> str:
    """What is ordered."""
    _ = say(language)
    return _("Limitation") if kind == "limitation" else _("Suspension")


def _said(words: dict[str, str], key: str, language: str) -> str:
    known = words.get(key)
    return key if known is None else say(language)(known)
