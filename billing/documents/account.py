"""An account around a bill, in words: what was owed before, and what happens to what is late."""

from __future__ import annotations

from datetime import timedelta

from billing.documents.owed import Standing
from billing.documents.paper import Pair, Section, Summary
from billing.documents.reading import BillFacts
from billing.domain.charges.late_fee import LateFeeCharge
from billing.wording import per_said, say
from utility_crm.web.formats import day_full, money, percent


def account_of(standing: Standing, total_minor: int, currency: str, language: str) -> Summary | None:
    """What was owed before a bill, and with it; None where nothing was."""
    if not standing.before_minor:
        return None
    _ = say(language)

    def said(minor: int) -> str:
        return money(minor, currency, language)

    late, fees = standing.late_minor, standing.fees_minor
    rows: list[Pair] = []
    sentence = ""
    if standing.before_minor < 0:
        rows.append((_("In your favour before"), said(standing.before_minor)))
        if total_minor > 0:
            sentence = _("What was in your favour pays for this bill first.")
    else:
        if fees > 0:
            rows.append((_("Owed before, without fees"), said(standing.before_minor - fees)))
            rows.append((_("Fees since the last bill"), said(fees)))
        else:
            rows.append((_("Owed before"), said(standing.before_minor)))
        if late > 0:
            sentence = _(
                "%(late)s of it is late. Please pay it now; if you have paid in these days, thank you.",
                late=said(late),
            )
    rows.append((_("This bill"), said(total_minor)))
    whole = standing.before_minor + total_minor
    total = (_("Owed in all"), said(whole)) if whole >= 0 else (_("In your favour in all"), said(-whole))
    return Summary(_("Your account"), tuple(rows), total, sentence)


def if_paid_late(facts: BillFacts, language: str) -> Section | None:
    """What happens where a bill is not paid in time; None where nothing is asked, or we collect it."""
    bill = facts.bill
    if not facts.standing.asked_minor(bill.total_minor) or facts.addressee.method == "direct_debit":
        return None
    _ = say(language)
    words = [
        _("What is not paid by %(day)s is late: we send you a reminder.", day=day_full(bill.due_on, language))
    ]
    words += [_fee(charge, facts, language) for charge in facts.late_fees]
    words.append(_("If you cannot pay it all by then, tell us: it can be paid in parts at no cost."))
    return Section(_("If you pay late"), " ".join(words))


def _fee(charge: LateFeeCharge, facts: BillFacts, language: str) -> str:
    _ = say(language)
    since = day_full(facts.bill.due_on + timedelta(days=charge.after_days + 1), language)
    if charge.rate_ppm:
        share = percent(charge.rate_ppm / 1_000_000, 2 if charge.rate_ppm % 1000 else 1, language)
        words = {"day": since, "share": share, "per": per_said(charge, language)}
        return _("From %(day)s on it costs %(share)s a %(per)s of what is late.", **words)
    amount = money(round(charge.amount_micro / 10_000), facts.bill.currency, language)
    return _("From %(day)s on it costs %(amount)s, once.", day=since, amount=amount)
