"""An answer at a terminal: figures in words, evidence in a few lines."""

from __future__ import annotations

import re
from pathlib import Path

import billing
from billing.answers.figure_words import WORDS, figure_words
from billing.answers.told import AnswerDocument, Evidence, Figure, Told
from billing.commands.answering import answer_text

NAMED = re.compile(r"(?:_figure|Figure)\(\s*\"([a-z_0-9]+)\"")


def document(bills: int) -> AnswerDocument:
    return Told(
        "It is so.",
        figures=(Figure("weather_cvrmse", "0.186"), Figure("cost_on.night", "9.10", "GBP")),
        evidence=tuple(Evidence("bill", f"B{number}") for number in range(bills, 0, -1)),
    ).document("A1", "next", "?")


def test_figures_are_said_in_words() -> None:
    said = answer_text(document(1), "en")
    assert "weather_cvrmse" not in said and "how far off the weather" in said
    assert "9.10 GBP  cost on tariff night" in said
    assert "стоимость на тарифе night" in answer_text(document(1), "ru")


def test_of_many_bills_the_newest_is_named_and_the_others_counted() -> None:
    assert answer_text(document(13), "en").splitlines()[-2:] == ["  bill B13", "  bill: and 12 more"]
    assert answer_text(document(2), "en").splitlines()[-2:] == ["  bill B2", "  bill B1"]


def test_every_figure_named_in_an_answer_has_words() -> None:
    folder = Path(billing.__file__).parent / "answers"
    named = {name for file in folder.glob("*.py") for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 40 and named - set(WORDS) == set()
    assert figure_words("heating_slope.SP1", "en") == "heating, for each degree and day SP1"
