"""What a hold keeps, what nobody writes of who was erased, by what numbers they do not come back, and every
file that a record stood in.

`held_people` is who is under a legal hold, with the stubs that were merged into them. What is written of a
person while they are erased waits for the erasure by its foreign key, and went in afterwards: now each
statement is asked once it is done whether anybody it names was erased, and is refused (UC410) if so.
"""

from __future__ import annotations

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

HELD = """
create view held_people as
with recursive held(id) as (
    select customer_id from privacy_holds where lifted_at is null
    union select c.id from customers c join held on c.merged_into_id = held.id
) select id from held
"""
FORGET = """
create or replace function forget_audit_before(cut timestamptz, now_is timestamptz) returns bigint
language plpgsql as $$
declare
    gone bigint;
begin
    if cut > clock_timestamp() - interval '90 days' then
        raise exception 'the audit log of the last 90 days stays' using errcode = 'insufficient_privilege';
    end if;
    delete from audit_log where at < cut{held};
    get diagnostics gone = row_count;
    if gone > 0 then
        insert into audit_log (at, kind, what, after)
        values (now_is, 'kept', 'forget_audit_before', jsonb_build_object('before', cut, 'rows', gone));
    end if;
    return gone;
end
$$
"""
NOT_HELD = " and (customer_id is null or customer_id not in (select id from held_people))"

NUMBERS = (
    """
    create table erased_numbers (
        kind text not null,
        digest text not null,
        erased_on date not null,
        constraint pk_erased_numbers primary key (kind, digest),
        constraint ck_erased_numbers_kind check (kind in ('customer', 'account'))
    )
    """,
    """
    insert into erased_numbers (kind, digest, erased_on)
    select 'customer', encode(sha256(convert_to(number, 'UTF8')), 'hex'), erased_on from customers
    where erased_on is not null and number <> 'X' || id
    union
    select 'account', encode(sha256(convert_to(a.number, 'UTF8')), 'hex'), c.erased_on
    from accounts a join customers c on c.id = a.customer_id
    where c.erased_on is not null and a.number <> 'X' || a.id
    """,
)
SIGHTINGS = (
    """
    create table record_sightings (
        import_id bigint not null constraint fk_record_sightings_import_id_record_imports
            references record_imports (id) on delete cascade,
        external_id text not null,
        line bigint not null,
        constraint pk_record_sightings primary key (import_id, external_id)
    )
    """,
    "create index ix_record_sightings_external_id on record_sightings (external_id)",
    """
    insert into record_sightings (import_id, external_id, line)
    select t.seen_import, t.external_id, t.seen_line from record_things t
    join record_imports i on i.id = t.seen_import and i.kind = t.kind and i.source = t.source
    where t.seen_import <> t.import_id
    """,
    # Which rows of a customer came with the file is known from now on; of earlier ones, all plain ones did.
    """
    insert into record_things (source, kind, external_id, thing_id, digest, import_id, seen_import, seen_line)
    select n.source, 'customers.point', p.id::text, p.id, '', n.import_id, n.import_id, 0
    from record_things n join contact_points p on p.customer_id = n.thing_id
    where n.kind = 'customers.new' and p.label = '' and not p.preferred
    """,
    """
    insert into record_things (source, kind, external_id, thing_id, digest, import_id, seen_import, seen_line)
    select n.source, 'customers.flag', f.id::text, f.id, '', n.import_id, n.import_id, 0
    from record_things n join customer_flags f on f.customer_id = n.thing_id
    where n.kind = 'customers.new' and f.kind <> 'needs'
    """,
)

_CUSTOMER = "join customers c on c.id = made.customer_id"
_ACCOUNT = "join accounts a on a.id = made.account_id join customers c on c.id = a.customer_id"
_TICKET = "join tickets s on s.id = made.ticket_id join customers c on c.id = s.customer_id"
WRITTEN = {
    **dict.fromkeys(
        (
            "contacts", "contact_points", "customer_flags", "tasks", "consents", "tax_identities",
            "verifications", "appointments", "call_tasks", "calls", "tickets",
        ),
        _CUSTOMER,
    ),
    "relations": "join customers c on c.id in (made.customer_id, made.other_id)",
    "duplicate_pairs": "join customers c on c.id in (made.customer_a, made.customer_b)",
    "forwarding_addresses": _ACCOUNT,
    "mandates": _ACCOUNT,
    "disputes": _ACCOUNT,
    "ticket_messages": _TICKET,
    "complaints": _TICKET,
}  # fmt: skip
"""Tables in which words about people are written, and whose they are."""
GIVEN = ("contacts", "tasks", "calls", "tickets", "arrivals")
"""Tables whose rows are given to a customer later."""
REFUSE = """
    raise exception 'this customer was erased on %', day using errcode = 'UC410', detail = day::text;
"""


def upgrade() -> None:
    for statement in (HELD, FORGET.format(held=NOT_HELD), *NUMBERS, *SIGHTINGS):
        op.execute(statement)
    for table, whose in WRITTEN.items():
        op.execute(
            f"""
            create function nobody_erased_in_{table}() returns trigger language plpgsql as $$
            declare day date;
            begin
                select c.erased_on into day from made {whose} where c.erased_on is not null limit 1;
                if day is not null then {REFUSE} end if;
                return null;
            end $$
            """
        )
        # Foreign keys are asked row by row and wait for who erases; a statement is asked after its rows.
        op.execute(
            f"create trigger nobody_erased_in_{table} after insert on {table} "
            f"referencing new table as made for each statement execute function nobody_erased_in_{table}()"
        )
    op.execute(
        f"""
        create function given_to_nobody_erased() returns trigger language plpgsql as $$
        declare day date;
        begin
            select erased_on into day from customers where id = new.customer_id for key share;
            if day is not null then {REFUSE} end if;
            return new;
        end $$
        """
    )
    for table in GIVEN:
        op.execute(
            f"create trigger given_to_nobody_erased before update of customer_id on {table} for each row "
            "when (new.customer_id is distinct from old.customer_id and new.customer_id is not null) "
            "execute function given_to_nobody_erased()"
        )
    op.execute(
        f"""
        create function erased_stay_erased() returns trigger language plpgsql as $$
        declare day date := old.erased_on;
        begin
            {REFUSE}
        end $$
        """
    )
    op.execute(
        "create trigger erased_stay_erased before update of name on customers for each row "
        "when (old.erased_on is not null and new.name <> old.name) execute function erased_stay_erased()"
    )


def downgrade() -> None:
    op.execute("drop trigger erased_stay_erased on customers")
    op.execute("drop function erased_stay_erased()")
    for table in GIVEN:
        op.execute(f"drop trigger given_to_nobody_erased on {table}")
    op.execute("drop function given_to_nobody_erased()")
    for table in WRITTEN:
        op.execute(f"drop trigger nobody_erased_in_{table} on {table}")
        op.execute(f"drop function nobody_erased_in_{table}()")
    op.execute("delete from record_things where kind in ('customers.point', 'customers.flag')")
    op.execute("drop table record_sightings")
    op.execute("drop table erased_numbers")
    op.execute(FORGET.format(held=""))
    op.execute("drop view held_people")
