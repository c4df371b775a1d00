"""What simulated customers add to their answers."""

from __future__ import annotations

from collections.abc import Mapping

GOOD: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Quick and friendly, thank you.",
        "Explained so that I understood it at once.",
        "Solved in one message. More of that, please.",
        "Kind on the phone, and it was done the same day.",
        "I did not have to explain it twice.",
    ),
    "ru": (
        "Быстро и вежливо, спасибо.",
        "Объяснили так, что я всё понял.",
        "Решили с первого сообщения.",
    ),
}
BAD: Mapping[str, tuple[str, ...]] = {
    "en": (
        "I waited two days for an answer that did not fit my question.",
        "I had to explain everything again to each person.",
        "The answer was correct but nobody said sorry.",
        "Nobody called me back although it was promised.",
        "I read the answer three times and still do not understand it.",
        "The form lost what I had written, and then it took a week.",
    ),
    "ru": (
        "Ждал ответа два дня, и ответили не на мой вопрос.",
        "Каждому пришлось объяснять всё заново.",
        "Обещали перезвонить и не перезвонили.",
    ),
}
