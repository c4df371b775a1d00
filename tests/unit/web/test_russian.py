"""Days of the week in Russian sentences."""

from __future__ import annotations

import pytest

from utility_crm.web.russian import days_in_case
from utility_crm.web.words import finished


@pytest.mark.parametrize(
    ("put_together", "said"),
    [
        ("Мы опаздываем с вторник 17 ноября.", "Мы опаздываем со вторника 17 ноября."),
        ("Срок до пятница 20 ноября.", "Срок до пятницы 20 ноября."),
        ("Срок — на среда 18 ноября.", "Срок — на среду 18 ноября."),
        ("В вторник мы были у вас.", "Во вторник мы были у вас."),
        ("С суббота на воскресенье", "С субботы на воскресенье"),
        ('ждёт с <a href="#x">среда 18 ноября</a>', 'ждёт с <a href="#x">среды 18 ноября</a>'),
        ("вторник 17 ноября", "вторник 17 ноября"),
        ("его среда обитания", "его среда обитания"),
        ("нас средам", "нас средам"),
    ],
)
def test_a_day_stands_in_the_case_of_the_word_before(put_together: str, said: str) -> None:
    assert days_in_case(put_together) == said


def test_only_russian_is_touched_and_stops_are_single() -> None:
    assert finished("с вторник 17 нояб..", "ru") == "со вторника 17 нояб."
    assert finished("с вторник", "en") == "с вторник"
