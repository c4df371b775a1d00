"""After we did something for a customer: how was it? Its links say a score each, and lead to a page that
sends it. It counts as marketing: it goes to nobody who did not agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import day_in_words
from notifications.types import Facts, NoticeType
from utility_crm.kit.ports import ToAsk
from utility_crm.web.words import mark


def survey(asked: ToAsk, *, base: str) -> NewNotice:
    """To the customer, once for its key. base: the address under which customers reach us, without a slash at
    its end."""
    links = [[str(score), base + path] for score, path in asked.paths.items() if score is not None]
    return NewNotice(
        key=asked.key,
        notice="survey",
        about=f"ticket:{asked.number}",
        customer_id=asked.customer_id,
        account_id=asked.account_id,
        priority=80,
        useful_before=asked.useful_before,
        context={
            "survey": asked.survey,
            "round": asked.round,
            "question": asked.question,
            "ticket": asked.number,
            "subject": asked.subject,
            "closed_on": asked.solved_on.isoformat(),
            "link": base + asked.paths[None],
            "links": links,
            "until": asked.answer_before.isoformat(),
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    until = facts.wall("until")
    assert until is not None
    return {
        **facts.plain("question", "ticket", "subject", "link"),
        "links": {int(score): address for score, address in facts.context["links"]},
        "closed_on": facts.day("closed_on"),
        "until": day_in_words(until.date(), facts.language),
    }


TYPE = NoticeType(
    name="survey",
    title=mark("Survey"),
    purpose="marketing",
    words=_words,
    channels=("email", "sms"),
    example={
        "survey": 1,
        "round": 1,
        "question": "csat",
        "ticket": "T-1042",
        "subject": "My bill seems too high",
        "closed_on": "2026-11-19",
        "link": "https://care.example/survey/token",
        "links": [[str(score), f"https://care.example/survey/token{score}"] for score in range(1, 6)],
        "until": "2026-12-04T12:00:00+00:00",
    },
)
