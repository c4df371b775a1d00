"""Who may do what: every permission, and every role with those it has. There is no other table of it.

A route names one permission (`visit(request, "payments.take")`), a template asks `user.may("payments.take")`.
What nobody is given is refused. An admin has every permission; roles are compared nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        # customers
        "house.enter": "sign in, and see what everybody sees",
        "customers.read": "find customers and open their pages",
        "payment_data.see": "see a bank account or a card in full",
        "contacts.write": "log what was said, answer complaints, change how somebody is reached",
        "callers.verify": "ask a caller who they are, and then see personal data",
        "personal.see": "see personal data without a caller, for a reason that is kept",
        "personal.work": "see where customers live and which meter is theirs without a caller: crews, files",
        "customers.merge": "make one of two customers who are one, take that back, say they are different",
        "consents.write": "change what a customer wants to hear, and how",
        # tickets
        "tickets.read": "see tickets and what was written on them",
        "tickets.write": "open tickets, answer, assign, change, merge and split them",
        "tickets.all": "see the tickets of every team, not of one's own alone",
        "tickets.share": "share a list of tickets with everybody",
        "complaints.read": "see the register of complaints",
        "complaints.lead": "lead complaints to their end, write and send their letters",
        "care.set": "set promises, rules, answers, and who is given tickets",
        # what comes in
        "mail.read": "see what came by mail, form and messenger, as it came",
        "mail.place": "say whose a message is, open a ticket of it, call it spam",
        # tasks
        "tasks.read": "see one's own tasks, one's teams' and those about customers, and the calendar",
        "tasks.write": "add tasks, change, snooze and close them",
        "tasks.all": "see and change everybody's tasks",
        # knowledge
        "articles.read": "read and search the knowledge base, say whether an article helped",
        "articles.write": "write articles and hand them in for review",
        "articles.approve": "approve what somebody else wrote, send it back, retire an article",
        # meters
        "readings.read": "look at a meter and its readings",
        "reads.write": "take down what a dial says",
        "visits.book": "book a visit to check a meter",
        "feeds.run": "take in meter files, judge what waits",
        "readings.export": "take readings out as files",
        "records.run": "bring over records of another system, put phones and e-mails right",
        # billing
        "bills.read": "open a bill, its corrections and its tariff",
        "supply.change": "begin, end and change a supply",
        "payments.take": "book what a customer pays on the phone",
        "payments.read": "open the statement of an account",
        "payments.book": "take in bank files, place what waits, collect",
        "money.arrange": "promises, plans, budgets, deposits, disputes",
        "money.decide": "decide a dispute, give money back",
        "billing.read": "see the billing room",
        "billing.run": "run, hold, issue and correct bills",
        "dunning.read": "see who is being reminded, and note what was handed over",
        "dunning.run": "order what only a person may order",
        "tariffs.compare": "ask what everybody would pay on another tariff",
        # notices and outages
        "notices.read": "look for notices and read them",
        "notices.run": "write notices, send again, letters on paper, blocked addresses",
        "outages.read": "see outages and who is to be called",
        "outages.call": "take calls to those who depend on power, note who was told",
        "outages.run": "announce, change and end outages",
        # the telephone
        "calls.take": "be opened the page of who rings, note who called, call by a click",
        "calls.read": "see who called, who spoke to them and for how long",
        "calls.listen": "listen to what was recorded of a call",
        # the board
        "board.read": "see what waits, whose promises break, who is on what and how the day is going",
        # leaving
        "leavers.read": "see who may leave, and why",
        # segments
        "segments.read": "see segments: how many, who for instance, how they grew",
        "segments.write": "build, save, change, freeze and delete segments",
        "segments.export": "take the customers of a segment out as a file",
        # campaigns
        "campaigns.read": "see campaigns, who they are for and what they brought",
        "campaigns.run": "draft campaigns, begin and stop them",
        "campaigns.answer": "note what customers say to an offer, and call those on a campaign's list",
        # privacy
        "privacy.ask": "note that customers want their data or to be forgotten, place holds",
        "privacy.export": "have an archive of a customer's data made, and take it",
        "privacy.decide": "approve what somebody else asked, refuse it, lift holds, open what is sealed",
        "privacy.retain": "say how long each kind of data is kept",
        # the house
        "audit.read": "see who looked at and changed what",
        "people.write": "add people, give them roles and passwords, end their sign-ins",
        "webhooks.run": "tell other systems what happens here, and watch how that goes",
        "tokens.make": "make tokens for machines, of what one may do oneself, and withdraw one's own",
        "tokens.all": "see and withdraw everybody's tokens",
        "jobs.run": "see what the clock does, run it now, pause it",
    }
)
"""Every permission, and in a few words what it lets one do."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role: what it may do, and the rooms (by path) that stand first in its top bar. It begins in the first
    of them."""

    name: str
    rooms: tuple[str, ...]
    permissions: frozenset[str]


_EVERYBODY = frozenset(
    {
        "house.enter",
        "customers.read",
        "tasks.read",
        "tasks.write",
        "articles.read",
        "readings.read",
        "bills.read",
    }
)
_AGENT = _EVERYBODY | {
    "contacts.write",
    "callers.verify",
    "consents.write",
    "visits.book",
    "tickets.read",
    "tickets.write",
    "mail.read",
    "mail.place",
    "complaints.read",
    "complaints.lead",
    "articles.write",
    "reads.write",
    "supply.change",
    "payments.take",
    "payments.read",
    "money.arrange",
    "money.decide",
    "dunning.read",
    "notices.read",
    "outages.read",
    "outages.call",
    "calls.take",
    "calls.read",
    "campaigns.read",
    "campaigns.answer",
}
_SUPERVISOR = _AGENT | {
    "personal.see",
    "payment_data.see",
    "customers.merge",
    "privacy.ask",
    "privacy.export",
    "privacy.decide",
    "privacy.retain",
    "audit.read",
    "tickets.all",
    "tickets.share",
    "care.set",
    "tasks.all",
    "articles.approve",
    "calls.listen",
    "board.read",
}
_MARKETER = _EVERYBODY | {
    "billing.read",
    "tariffs.compare",
    "leavers.read",
    "segments.read",
    "segments.write",
    "segments.export",
    "campaigns.read",
    "campaigns.run",
}
_OPS = _EVERYBODY | {
    "tickets.all",
    "personal.see",
    "personal.work",
    "tickets.read",
    "tickets.write",
    "articles.write",
    "reads.write",
    "feeds.run",
    "records.run",
    "readings.export",
    "payments.read",
    "payments.book",
    "payment_data.see",
    "money.decide",
    "billing.read",
    "billing.run",
    "dunning.read",
    "dunning.run",
    "notices.read",
    "notices.run",
    "outages.read",
    "outages.call",
    "outages.run",
    "tokens.make",
    "jobs.run",
}

ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.name: role
        for role in (
            Role("agent", ("/",), _AGENT),
            Role("supervisor", ("/",), _SUPERVISOR),
            Role("marketer", ("/leavers", "/segments", "/campaigns", "/value"), _MARKETER),
            Role("ops", ("/feeds", "/billing", "/outages", "/notices"), _OPS),
            Role("admin", ("/",), frozenset(PERMISSIONS)),
        )
    }
)


def may(role: str, permission: str) -> bool:
    """Whether people of a role may do this. A permission that is not in the table is a fault of ours."""
    if permission not in PERMISSIONS:
        raise KeyError(f"no permission is called {permission!r}")
    known = ROLES.get(role)
    return known is not None and permission in known.permissions


def roles_with(permission: str) -> tuple[str, ...]:
    """Who may do this, but for admins, who may everything."""
    return tuple(name for name in ROLES if name != "admin" and may(name, permission))
