"""What billing knows of everybody that segments may be made of.

The saving on a tariff is kept by the what-if of the whole base (`billing.what_if`), which the clock asks anew
each day. A year's use is that of the bills: it is there for every customer alike, whoever reads their meter,
and it is what they paid for.
"""

from __future__ import annotations

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

_NOW = "g.starts_on <= :today and (g.ends_before is null or g.ends_before > :today)"
_YEAR = "b.status = 'issued' and b.issued_on > :today - 365 and b.issued_on <= :today"

FACTS = (
    FactOffer(
        "supplied",
        mark("Supplied by us"),
        "yes-no",
        f"select g.customer_id, true as value from agreements g where {_NOW}",
        several=True,
        absent_is_none=True,
        base=True,
    ),
    FactOffer(
        "tariff",
        mark("Tariff"),
        "choice",
        f"""select g.customer_id, t.code as value
            from agreements g join tariffs t on t.id = g.tariff_id where {_NOW}""",
        choices="select code, name from tariffs order by name",
        several=True,
    ),
    FactOffer(
        "agreement_ends",
        mark("Last day of the agreed term"),
        "date",
        f"""select g.customer_id, least(g.term_ends_before, g.ends_before) - 1 as value from agreements g
            where {_NOW} and (g.term_ends_before is not null or g.ends_before is not null)""",
        several=True,
    ),
    FactOffer(
        "balance",
        mark("Balance"),
        "money",
        """select customer_id, sum(balance_minor) as value
           from (select customer_id, balance_minor from account_balances order by customer_id offset 0) b
           group by customer_id""",
        absent_is_none=True,
    ),
    FactOffer(
        "overdue",
        mark("Overdue"),
        "money",
        """select a.customer_id, sum(b.open_minor) as value
           from bills b join accounts a on a.id = b.account_id
           where b.status = 'issued' and b.open_minor > 0 and b.due_on < :today group by a.customer_id""",
        absent_is_none=True,
    ),
    FactOffer(
        "way_of_paying",
        mark("Way of paying"),
        "choice",
        "select customer_id, payment_method as value from accounts where closed_on is null",
        words={
            "card": mark("by card"),
            "transfer": mark("by transfer"),
            "direct_debit": mark("by direct debit"),
            "cash": mark("in cash"),
        },
        several=True,
    ),
    FactOffer(
        "saving_on",
        mark("Saving"),
        "money",
        stored=True,
        unit=mark("a year"),
        parameters="select code, name from tariffs order by name",
        about=mark("on tariff"),
    ),
    FactOffer(
        "yearly_use",
        mark("Use in a year, as billed"),
        "number",
        f"""select a.customer_id, round(sum(b.micro_kwh) * 365.0 / sum(b.ends_before - b.starts_on) / 1000000)
                as value
            from bills b join accounts a on a.id = b.account_id where {_YEAR}
            group by a.customer_id having sum(b.ends_before - b.starts_on) >= 180""",
        stored=True,
        unit=mark("kWh"),
    ),
    FactOffer(
        "bills_estimated",
        mark("Bills with estimates in 12 months"),
        "number",
        f"""select a.customer_id, count(*) as value from bills b join accounts a on a.id = b.account_id
            where {_YEAR} and b.estimated_readings > 0 group by a.customer_id""",
        stored=True,
        absent_is_none=True,
    ),
)
