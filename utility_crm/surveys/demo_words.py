"""What simulated customers add to their answers."""

from __future__ import annotations

from collections.abc import Mapping

GOOD: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Quick and friendly, thank you.",
        "She explained the bill so that I understood it.",
        "Solved in one message. More of that, please.",
        "Kind on the phone, and it was done the same day.",
        "I did not have to explain it twice.",
    ),
    "ru": (
        "Быстро и вежливо, спасибо.",
        "Счёт объяснили так, что я всё понял.",
        "Решили с первого сообщения.",
    ),
}
BAD: Mapping[str, tuple[str, ...]] = {
    "en": (
        "I waited two days for an answer that did not fit my question.",
        "I had to explain everything again to each person.",
        "The answer was correct but nobody said sorry.",
        "Nobody called me back although it was promised.",
        "I still do not understand why the bill is so high.",
        "The form lost what I had written, and then it took a week.",
    ),
    "ru": (
        "Ждал ответа два дня, и ответили не на мой вопрос.",
        "Каждому пришлось объяснять всё заново.",
        "Обещали перезвонить и не перезвонили.",
    ),
}
