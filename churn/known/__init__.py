"""What was known of every customer on given dates: a file a topic, one statement a topic, for all of them at
once.

A date stands for its morning: an event counts where its day (in the utility's time zone) is before the
date. Every statement bounds what it reads by the date, so that nothing later can change a value;
`tests/db/churn` plants later events to hold it to that. What the tables keep no history of (segment,
payment method, a bill's cancellation, an agreed term, a planned end that was moved) is taken as it is now; a
reading, a degree and an outage count by their own day, however late they came.

Every statement returns rows (as_of, customer_id, ...).
"""

from churn.known.bills import bills
from churn.known.campaigns import campaigns
from churn.known.contacts import contacts
from churn.known.customers import customers
from churn.known.lateness import lateness
from churn.known.outages import outages
from churn.known.readings import exporters, supplies
from churn.known.use import use

__all__ = [
    "bills", "campaigns", "contacts", "customers", "exporters", "lateness", "outages", "supplies", "use",
]  # fmt: skip
