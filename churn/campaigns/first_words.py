"""What a new campaign says before a marketer writes better words, by offer and language.

Blanks: {saving} what a year would have saved, {tariff} the tariff offered, {amount} what is given, {until}
the last day for an answer.
"""

# ruff: noqa: E501 - sentences as they are read
from __future__ import annotations

import re
from collections.abc import Mapping

from churn.campaigns.words import BY_SAVING, OF_AMOUNT, OF_TARIFF

Words = Mapping[str, Mapping[str, str]]

_TARIFF = {
    "en": {
        "headline": "You would have paid {saving} less last year",
        "body": "In the last 12 months you would have paid {saving} less on {tariff}. We reckoned it from your "
        "own meter readings.\n\nNothing else changes: the same meter, the same payment. You may go back.",
        "short": "On {tariff} you would have paid {saving} less last year",
    },
    "ru": {
        "headline": "За год вы заплатили бы на {saving} меньше",
        "body": "За последние 12 месяцев на тарифе «{tariff}» вы заплатили бы на {saving} меньше. Мы посчитали "
        "это по вашим показаниям.\n\nБольше ничего не меняется: счётчик и способ оплаты те же. Вы можете "
        "вернуться.",
        "short": "На тарифе «{tariff}» вы заплатили бы за год на {saving} меньше",
    },
}
_GREEN = {
    "en": {
        "headline": "Green energy for your home",
        "body": "With {tariff} we buy as much renewable energy as you use.\n\nOnly the price changes, and you "
        "may go back.",
        "short": "Green energy with {tariff}",
    },
    "ru": {
        "headline": "Зелёная энергия для вашего дома",
        "body": "На тарифе «{tariff}» мы покупаем столько возобновляемой энергии, сколько вы "
        "расходуете.\n\nМеняется только цена, и вы можете вернуться.",
        "short": "Зелёная энергия на тарифе «{tariff}»",
    },
}
_AUDIT = {
    "en": {
        "headline": "An energy audit at your home",
        "body": "We come to your home and look where energy is lost. You get a list of what is worth doing, with "
        "what it saves.\n\nIt costs you nothing.",
        "short": "A free energy audit at your home",
    },
    "ru": {
        "headline": "Энергоаудит у вас дома",
        "body": "Мы придём к вам и посмотрим, где теряется энергия. Вы получите список того, что стоит сделать, и "
        "сколько это сбережёт.\n\nДля вас это бесплатно.",
        "short": "Бесплатный энергоаудит у вас дома",
    },
}
_POINTS = {
    "en": {
        "headline": "{amount} loyalty points for you",
        "body": "Thank you for staying with us. Say yes, and {amount} points are yours.",
        "short": "{amount} loyalty points are yours if you say yes",
    },
    "ru": {
        "headline": "Вам {amount} бонусных баллов",
        "body": "Спасибо, что вы с нами. Скажите «да», и {amount} баллов ваши.",
        "short": "Ответьте «да», и {amount} бонусных баллов ваши",
    },
}
_DISCOUNT = {
    "en": {
        "headline": "{amount} off your next bill",
        "body": "Thank you for staying with us. Say yes, and {amount} comes off your next bill.",
        "short": "{amount} off your next bill if you say yes",
    },
    "ru": {
        "headline": "Следующий счёт меньше на {amount}",
        "body": "Спасибо, что вы с нами. Скажите «да», и следующий счёт будет меньше на {amount}.",
        "short": "Ответьте «да», и следующий счёт меньше на {amount}",
    },
}
_OF: Mapping[str, Words] = {
    "tariff": _TARIFF,
    "two_rate": _TARIFF,
    "green": _GREEN,
    "audit": _AUDIT,
    "points": _POINTS,
    "discount": _DISCOUNT,
}
_BLANK = re.compile(r"\{\s*[^\W\d_]+\s*\}")


def blanks_of(offer: str) -> tuple[str, ...]:
    """The blanks that can be filled in for everybody who is asked: a saving is known of all only where the
    offer goes by it."""
    return (
        *(("{saving}",) if offer in BY_SAVING else ()), *(("{tariff}",) if offer in OF_TARIFF else ()),
        *(("{amount}",) if offer in OF_AMOUNT else ()), "{until}",
    )  # fmt: skip


def unknown_blank(words: str, offer: str) -> str:
    """The first blank that nothing is filled into; "" where there is none."""
    known = blanks_of(offer)
    return next((found for found in _BLANK.findall(words) if found not in known), "")


def first_words(offer: str) -> dict[str, dict[str, str]]:
    """By language headline, body and short."""
    return {language: dict(parts) for language, parts in _OF[offer].items()}


def filled(words: str, values: Mapping[str, str]) -> str:
    """Words with their blanks filled; a brace that is none of ours stays as it was typed."""
    for blank, value in values.items():
        words = words.replace(f"{{{blank}}}", value)
    return words
