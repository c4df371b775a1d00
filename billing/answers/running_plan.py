"""Can I pay in parts, while a plan runs: its state, what comes next, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.answers.told import Chart, Figure, Series, Sum, Told, date_figure, money_figure
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.accounts import AccountStanding
from billing.queries.dunning import PlanRow
from billing.wording import say
from utility_crm.kit.parts import Answer
from utility_crm.web.formats import day, money


@dataclass(frozen=True, slots=True)
class Running:
    """A plan that runs, seen on a day. `beyond_minor`: what is open and not part of it."""

    account: AccountStanding
    plan: PlanRow
    today: date

    @property
    def rest_minor(self) -> int:
        return self.plan.total_minor - self.plan.paid_minor

    @property
    def beyond_minor(self) -> int:
        return max(0, self.account.open_minor - self.rest_minor)

    @property
    def behind_minor(self) -> int:
        return self.plan.behind_minor(self.today)

    @property
    def rows(self) -> tuple[tuple[date, int, str, int], ...]:
        """Each part: its day, amount, state, and what is still to be paid of it."""
        found, until = [], 0
        states = self.plan.states(self.today)
        for part, state in zip(self.plan.instalments, states, strict=True):
            until += part.amount_minor
            left = max(0, min(part.amount_minor, until - self.plan.paid_minor))
            found.append((part.due_on, part.amount_minor, state, left))
        return tuple(found)

    @property
    def next_part(self) -> tuple[date, int] | None:
        """When the next part is due, and how much of it is to be paid."""
        return next(((due_on, left) for due_on, _, _, left in self.rows if left), None)


def running_answer(one: Running, language: str) -> Answer:
    """How much of it is paid."""
    _ = say(language)
    paid, total = (
        money(minor, one.account.currency, language) for minor in (one.plan.paid_minor, one.plan.total_minor)
    )
    words = _("%(paid)s of %(total)s paid", paid=paid, total=total)
    return Answer(_("A plan runs"), words, "bad" if one.behind_minor else "")


def running_sentence(one: Running, language: str) -> str:
    """The plan's state said aloud."""
    _, following = say(language), one.next_part
    minor = {"paid": one.plan.paid_minor, "total": one.plan.total_minor, "behind": one.behind_minor}
    minor["amount"] = following[1] if following else 0
    named = {name: money(value, one.account.currency, language) for name, value in minor.items()}
    if one.behind_minor:
        words = _("You pay in parts already: %(paid)s of %(total)s is paid, and %(behind)s is behind.")
    elif following:
        named["day"] = day(following[0], language)
        words = _("You pay in parts already: %(paid)s of %(total)s is paid, the next %(amount)s by %(day)s.")
    else:
        words = _("You pay in parts already, and all %(total)s is paid.")
    return words % named


def running_told(one: Running, language: str) -> Told:
    """The parts, which add up to the plan."""
    currency = one.account.currency
    decimals = default_decimals(currency)
    parts = tuple((each.due_on.isoformat(), each.amount_minor) for each in one.plan.instalments)
    points = tuple((label, amount_text(minor, decimals)) for label, minor in parts)
    figures = [
        Figure("state", one.plan.state),
        money_figure("total", one.plan.total_minor, currency),
        money_figure("paid", one.plan.paid_minor, currency),
        money_figure("behind", one.behind_minor, currency),
    ]
    if one.next_part is not None:
        figures += [
            date_figure("next_on", one.next_part[0]),
            money_figure("next", one.next_part[1], currency),
        ]
    return Told(
        running_sentence(one, language),
        figures=tuple(figures),
        adds_up=Sum(parts, one.plan.total_minor, currency),
        chart=Chart("columns", currency, (Series("instalments", points),)),
    )
