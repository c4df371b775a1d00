"""The desk's question about tasks: what is due today for whoever sits there, and what was reminded of."""

from __future__ import annotations

from utility_crm.kit.parts import Answer, DeskCall, DeskQuestion, Sheet
from utility_crm.tasks.queries import reminded_of, task_figures, tasks_asked
from utility_crm.web.words import counting, mark


def answer(call: DeskCall) -> Answer:
    """How many, and how many of them are late."""
    figures = task_figures(call.session, "mine", call.user, call.now, call.today)
    if not figures.late:
        return Answer(str(figures.today))
    ngettext = counting(call.user.language, "utility_crm.tasks")
    late = ngettext("one of them late", "%(num)s of them late", figures.late)
    return Answer(str(figures.today), late, "bad")


def sheet(call: DeskCall) -> Sheet:
    """The tasks themselves."""
    rows = tasks_asked(call.session, "today", "mine", call.user, call.now, call.today)
    reminded = reminded_of(call.session, call.user, call.now)
    context = {"rows": rows, "reminded": reminded, "now": call.now, "today": call.today}
    return Sheet("tasks/desk.html", context)


QUESTIONS = (DeskQuestion("tasks", mark("What is due today?"), "tasks.read", -10, answer, sheet),)
