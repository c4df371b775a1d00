"""What would come of a campaign while its form is filled in: who would be drawn, who is left out and why,
how small an effect would be seen, and what letters would cost. Nothing is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from churn.campaigns.drafting import Wanted, first_arm, row_of
from churn.campaigns.forms import read_wanted
from churn.campaigns.previewing import Preview, preview_of
from churn.campaigns.queries import Known
from churn.campaigns.sending import dearest_way
from churn.campaigns.tables import CampaignArm
from utility_crm.kit.errors import CareError, Invalid
from utility_crm.segments.builder import built_from
from utility_crm.segments.domain.tree import EVERYBODY, Tree, leaves_of
from utility_crm.segments.offers import offers, question_of
from utility_crm.segments.queries import choices_of
from utility_crm.segments.words import Words, minor_units
from utility_crm.web.forms import Posted
from utility_crm.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Whom:
    """The conditions of a campaign's own as its form shows them. tree: JSON, "" where there are none; said:
    read back; builder: where they are changed, "" where the builder cannot draw them; broken: they cannot be
    read, and nobody is asked."""

    tree: str = ""
    said: str = ""
    builder: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """preview: who would be drawn. letters_minor: what an e-mail to each who is asked costs; pays_for: to how
    many of them the budget pays one, None where it pays for all."""

    preview: Preview
    letters_minor: int
    pays_for: int | None

    @property
    def fits(self) -> int:
        return self.preview.drawn + self.preview.out

    @property
    def asked(self) -> int:
        return self.preview.drawn - self.preview.alone


def foreseen(
    v: Visit, values: Mapping[str, object], known: Known, currency: str, arms: Sequence[CampaignArm] = ()
) -> Foreseen | None:
    """What would come of what the form says; None where it cannot be read yet. arms: those of the draft; a
    new one has a letter."""
    typed = {name: (str(value),) for name, value in values.items()}
    typed["name"] = ("-",)
    try:
        wanted = read_wanted(v, Posted(typed), known, currency)
    except CareError:
        return None
    row = row_of(wanted)
    told = preview_of(v.session, row, arms or [first_arm(0, wanted.offer)], today=v.today, now=v.now)
    return _with_costs(told, wanted)


def _with_costs(told: Preview, wanted: Wanted) -> Foreseen:
    asked, price = told.drawn - told.alone, int(wanted.costs.get("email", 0))
    return Foreseen(told, asked * price, pays_for(wanted.budget_minor, wanted.costs, asked))


def pays_for(budget_minor: int, costs: Mapping[str, int], letters: int) -> int | None:
    """For how many of so many letters a budget pays where all go by e-mail; None where it pays for all. Any
    of them may go by the dearest way, so sending stops where that would not be paid for."""
    price, dearest = int(costs.get("email", 0)), dearest_way(costs)
    if budget_minor < dearest:
        return 0
    paid = (budget_minor - dearest) // price + 1 if price else letters
    return paid if paid < letters else None


def whom(v: Visit, tree: str, currency: str) -> Whom:
    """Conditions read back, of the form's own text."""
    try:
        read = question_of(tree) if tree else EVERYBODY
    except Invalid:
        return Whom(tree, broken=True)
    if read == EVERYBODY:
        return Whom()
    built = built_from(read, minor_units(currency), offers())
    said = words_of(v, read, currency).tree(read)
    return Whom(tree, said, built.address() if built is not None else "")


def words_of(v: Visit, tree: Tree, currency: str) -> Words:
    """How conditions are said to whoever looks, names looked up."""
    return words_in(v, {leaf.fact for leaf in leaves_of(tree)}, currency)


def words_in(v: Visit, facts: Collection[str], currency: str) -> Words:
    """Words for conditions on these facts."""
    return Words(v.user.language, currency, choices_of(v.session, facts))
