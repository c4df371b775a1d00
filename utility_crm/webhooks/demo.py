"""Webhooks' part of the simulated utility: two systems that were told of the last tickets. Nothing is sent
there: one is paused, one was switched off, and neither address leads anywhere (RFC 2606)."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import text

from utility_crm.auth.sealing import Sealer
from utility_crm.demo.context import DemoBuild
from utility_crm.kit.settings import settings

_LISTENERS = text("""
    insert into webhook_subscriptions
        (name, url, events, personal, secret, state, off_because, failures, failing_since, arrived_at,
         created_by, created_at, changed_at)
    values
        ('Data warehouse', 'https://warehouse.example/hooks/care',
         '{ticket.opened,ticket.closed,bill.issued,payment.posted,feed.taken}', false, :secret, 'paused', '',
         0, null, :now, (select min(id) from users where role = 'admin'), :now, :now),
        ('Field work', 'https://field.example/in', '{ticket.opened,outage.begun,outage.ended}', false,
         :secret, 'off', 'failing', 10, :failing, null, (select min(id) from users where role = 'admin'),
         :now, :now)
""")
_EVENTS = text("""
    with told as (
        insert into webhook_events (name, kind, at, customer_id, data, made_at)
        select 'evt_' || md5('demo ' || t.id), 'ticket.opened', t.opened_at, t.customer_id,
               jsonb_build_object('customer', c.number, 'ticket', 'T-' || t.id, 'kind', t.kind,
                                  'status', 'new', 'priority', t.priority, 'channel', t.channel), t.opened_at
        from (select * from tickets order by opened_at desc, id desc limit 12) t
        left join customers c on c.id = t.customer_id
        order by t.opened_at, t.id
        returning id, at
    )
    insert into webhook_deliveries (subscription_id, event_id, state, attempts, first_at, ended_at)
    select s.id, told.id, case when s.state = 'off' then 'dead' else 'arrived' end,
           case when s.state = 'off' then 10 else 1 end, told.at,
           told.at + case when s.state = 'off' then interval '3 days' else interval '1 second' end
    from told cross join webhook_subscriptions s
    where s.state <> 'off' or told.id = (select min(id) from told)
    order by told.at, told.id, s.id
""")
_ATTEMPTS = text("""
    insert into webhook_attempts (delivery_id, at, status, millis, detail)
    select id, ended_at, case state when 'dead' then 503 else 204 end, 40 + id % 90,
           case state when 'dead' then 'Service Unavailable' else '' end
    from webhook_deliveries order by id
""")


def build(context: DemoBuild) -> None:
    """Two listeners, and what they were told of the last twelve tickets."""
    now = datetime.combine(context.plan.as_of, time(8), ZoneInfo(settings().timezone))
    secret = Sealer("simulated").seal("whsec_c2ltdWxhdGVkIHNpbXVsYXRlZCBzaW11bGF0ZWQ=")
    given = {"secret": secret, "now": now, "failing": now.replace(hour=0)}
    context.connection.execute(_LISTENERS, given)
    context.connection.execute(_EVENTS)
    context.connection.execute(_ATTEMPTS)
