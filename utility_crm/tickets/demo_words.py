"""What simulated customers write and what the staff answers; nobody real said any of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: what they ask, our answer, what they say to that ("" nothing); subject first."""

    subject: str
    asks: str
    answer: str
    thanks: str = ""


TALKS: dict[str, tuple[Talk, ...]] = {
    "bill": (
        Talk(
            "My last bill is far higher than before",
            "Hello, my last bill is much higher than the one before and nothing changed here. Why is that?",
            "Thank you for writing. We compared both bills line by line: the colder weeks explain "
            "most of it. The explanation is in your account; I gladly go through it with you on the "
            "phone.",
            "Thanks, now I see it.",
        ),
        Talk(
            "Which days does this bill cover?",
            "I moved my direct debit and now I cannot tell which days the last bill covers. Can you say?",
            "It covers the month that ended on the day before it was issued; the dates stand in its "
            "first line.",
        ),
    ),
    "payment": (
        Talk(
            "Has my payment arrived?",
            "I paid by transfer last week. Has it arrived? The account still shows the amount as open.",
            "It has: it was booked two days after you sent it, and nothing is open from that bill.",
            "Perfect, thank you.",
        ),
        Talk(
            "Can I pay a little later this month?",
            "My salary comes on the 28th. May I pay the bill then instead of now?",
            "You may. I noted a promise for the 28th, so no reminder will come before that.",
        ),
    ),
    "meter": (
        Talk(
            "The meter seems to run too fast",
            "With everything switched off the meter still counts. Please have somebody look at it.",
            "We looked at your half-hours of the last two weeks: there is a steady use at night, as "
            "of a fridge and a router. If you want it checked on site, say which mornings suit you.",
            "Tuesday morning suits me.",
        ),
        Talk(
            "My reading was estimated again",
            "The last bill says estimated. I can read the meter myself, where do I send the number?",
            "Send it as an answer to this message with the day and the number on the dial, and we put"
            " it right.",
        ),
    ),
    "tariff": (
        Talk(
            "Would the night price be cheaper for me?",
            "I charge a car at night. Would the two-rate tariff be cheaper for me?",
            "On your own readings of the last year it would be. I can change it from the next billing"
            " day if you agree.",
            "Yes please.",
        ),
    ),
    "outage": (
        Talk(
            "No power yesterday evening",
            "We had no power for about half an hour yesterday evening. What was it?",
            "A fault on the feeder; it was switched around within the hour. We are sorry for the evening.",
        ),
    ),
    "details": (
        Talk(
            "New phone number",
            "I have a new phone number, please use it from now on. I will write it in my account.",
            "Thank you, we call you there from now on.",
        ),
    ),
}
RUSSIAN: dict[str, Talk] = {
    "bill": Talk(
        "Счёт намного больше прошлого",
        "Здравствуйте! Последний счёт намного больше прошлого, хотя дома ничего не изменилось. Почему?",
        "Спасибо, что написали. Мы сравнили оба счёта построчно: большую часть объясняют холодные"
        " недели. Разбор есть в вашем кабинете, могу пройти его с вами по телефону.",
        "Спасибо, теперь понятно.",
    ),
    "payment": Talk(
        "Дошла ли моя оплата?",
        "Я оплатил переводом на прошлой неделе. Деньги дошли?",
        "Да, оплата учтена через два дня после отправки, долга по этому счёту нет.",
    ),
    "meter": Talk(
        "Счётчик считает слишком быстро",
        "Всё выключено, а счётчик считает. Посмотрите, пожалуйста.",
        "Мы посмотрели ваши показания за две недели: ночью есть постоянный расход, как у холодильника.",
    ),
}
COMPLAINED = "I am not content with how this went and want this taken as a complaint. "
NOTES = (
    "Called them as well: nobody there, left word that we wrote.",
    "Looked at the half-hours before answering; nothing is wrong with the meter.",
    "Second time this quarter. @greta, please have a look before I answer the third.",
)
INCIDENT = "Cable fault in Fuller Close: power is off"
INCIDENT_NOTE = "Many write about this one; answers go from here to all of them."
INCIDENT_ASKS = (
    "Our power is off since this morning. When does it come back?",
    "No electricity in the whole street. Is it known?",
    "The power is off and I work from home. How long will it take?",
    "Lights went out at breakfast. Please hurry, the freezer is full.",
)
INCIDENT_ANSWER = "A cable was damaged and is repaired; the supply is back since the afternoon. We are sorry."
