"""Why one customer was left out of a campaign, or got no letter of it: a line on their own page.

Lists and sums of a campaign tell a complaint, a late bill and a need of particular care as one reason, since
who needs particular care is nobody's list. Here one person is looked at by who may see what is noted of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from churn.campaigns.audience import HANDED_OVER
from churn.campaigns.words import PACKAGE, REASON_WORDS
from churn.domain.campaigns.assigning import CONTROL
from utility_crm.kit.gathering import listed
from utility_crm.kit.parts import CustomerCall, SideSection, Todo
from utility_crm.web.formats import day_near
from utility_crm.web.words import translator

MOST = 3


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A campaign they were drawn in, or left out of, until a month after its last day for an answer.

    reason: why they were left out (`arm` empty), or why their letter was kept back; a need of care that is
    noted no more (it was kept with their consent) is not told from a complaint or a late bill. unpaid: the
    budget was spent before. complaint_since, late_since: since when a complaint, and a bill, was open then.
    """

    member_id: int
    campaign_id: int
    name: str
    drawn_at: datetime
    arm: str
    reason: str
    unpaid: bool
    complaint_since: datetime | None
    late_since: date | None


NOT_ASKED = listed(
    f"""
    select m.id, o.id, o.name, m.drawn_at, m.arm,
           case when (m.reason = 'vulnerable' or m.not_sent = 'vulnerable' and not ({HANDED_OVER}))
                   and not exists (select from customer_flags f where f.customer_id = m.customer_id
                                   and f.kind in ('vulnerable', 'medical')) then 'care'
                when m.arm = '' then m.reason when m.not_sent <> '' and not ({HANDED_OVER}) then m.not_sent
                else coalesce((select l.reason from outbox l
                               where l.key = 'campaign:' || o.code || ':' || m.customer_id and (
                                   l.state = 'withheld' or l.state = 'waiting' and l.reason = 'daily_cap')),
                              '') end,
           o.state = 'running' and m.sent_at is null and m.answer = ''
               and exists (select from campaign_arms a where a.campaign_id = o.id and a.key = m.arm
                           and 'notice' = any(a.ways))
               and exists (select from campaign_events e where e.campaign_id = o.id and e.kind = 'budget'),
           (select min(x.since) from (
                select at as since, answered_at as until from contacts
                where customer_id = m.customer_id and complaint
                union all
                select opened_at, solved_at from tickets
                where customer_id = m.customer_id and kind = 'complaint' and merged_into_id is null) x
            where (m.arm <> '' or x.since <= m.drawn_at)
              and (x.until is null or m.arm = '' and x.until > m.drawn_at)),
           (select min(b.due_on) from accounts k join bills b on b.account_id = k.id
            where k.customer_id = m.customer_id and b.status = 'issued' and b.open_minor > 0
              and b.due_on < case when m.arm = '' then cast(m.drawn_at as date) else :today end)
    from campaign_members m join campaigns o on o.id = m.campaign_id
    where m.customer_id = :customer and o.ends_on >= cast(:today as date) - 30
    order by m.id desc limit 20
    """,
    NotAsked,
)


def section(
    call: CustomerCall, rows: Sequence[NotAsked], held_back: Mapping[int, str]
) -> Sequence[SideSection]:
    """One line a campaign, the newest first; nothing of those that asked them as planned. held_back: by
    member, why what still runs is not brought up to them now."""
    if call.viewer is None or not (call.viewer.may("campaigns.answer") or call.viewer.may("campaigns.read")):
        return ()
    _ = translator(call.language, PACKAGE)
    told = [(one, _told(_, call, one, held_back.get(one.member_id, ""))) for one in rows]
    reads = call.viewer.may("campaigns.read")
    items = tuple(
        Todo(one.name, words, href=f"/campaigns/{one.campaign_id}?ask=not" if reads else "")
        for one, words in told
        if words
    )
    return (SideSection(_("Not asked by a campaign"), items[:MOST], order=43),) if items else ()


def _told(_: Any, call: CustomerCall, one: NotAsked, now: str) -> str:
    on = day_near(one.drawn_at, call.today, call.language)
    if one.arm == CONTROL:  # agents treat those who are left alone like anybody: to them it is not said
        runs = call.viewer is not None and call.viewer.may("campaigns.run")
        return str(_("left alone by lot on %(day)s, to be compared with", day=on)) if runs else ""
    if not one.arm:
        return str(_("left out on %(day)s: %(why)s", day=on, why=_why(_, call, one, one.reason)))
    if one.reason == "daily_cap":
        return str(_("their letter waits: they were sent enough that day"))
    if one.reason or one.unpaid:
        # which complaint or bill it was is not kept: one that is open now may have come later
        return str(_("nothing was sent: %(why)s", why=_words(_, one.reason or "over_budget")))
    return str(_("kept back now: %(why)s", why=_why(_, call, one, now))) if now else ""


def _why(_: Any, call: CustomerCall, one: NotAsked, reason: str) -> str:
    if reason == "complaint" and one.complaint_since is not None:
        since = day_near(one.complaint_since, call.today, call.language)
        return str(_("complaint open since %(day)s", day=since))
    if reason == "debt" and one.late_since is not None:
        return str(_("bill late since %(day)s", day=day_near(one.late_since, call.today, call.language)))
    return _words(_, reason)


def _words(_: Any, reason: str) -> str:
    return str(_(REASON_WORDS[reason])) if reason in REASON_WORDS else reason
