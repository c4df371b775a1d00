"""What search compares: the words of a customer's name and of the places they live at, folded to plain Latin
letters; and the vocabulary of all of them, in which misspelt words are looked up."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# Cyrillic as passports write it (ICAO Doc 9303), without the signs; what is two letters, first.
_PAIRS = (
    ("щ", "shch"), ("ж", "zh"), ("х", "kh"), ("ц", "ts"), ("ч", "ch"), ("ш", "sh"), ("ю", "yu"), ("я", "ya"),
    ("ъ", ""), ("ь", ""),
)  # fmt: skip
_FROM, _TO = "абвгдеёзийклмнопрстуфыэіїєґ", "abvgdeeziiklmnoprstufyeiieg"


def _folded(said: str) -> str:
    one = f"translate({said}, '{_FROM}', '{_TO}')"
    for letter, plain in _PAIRS:
        one = f"replace({one}, '{letter}', '{plain}')"
    return one


FOLD = f"""
create function search_fold(said text) returns text language sql immutable strict parallel safe
return case
    when octet_length(said) = length(said) then replace(lower(said), '''', '')
    else unaccent('unaccent'::regdictionary, {_folded("replace(replace(lower(said), '''', ''), '’', '')")})
end
"""
TABLES = (
    """
    create table search_words (word text collate "C" not null)
    """,
    "create index ix_search_words_begins on search_words (word)",
    "create index ix_search_words_trgm on search_words using gin (word gin_trgm_ops)",
    """
    create table customer_words (
        customer_id bigint not null,
        words text[] not null,
        constraint pk_customer_words primary key (customer_id),
        constraint fk_customer_words_customer_id_customers
            foreign key (customer_id) references customers (id) on delete cascade
    )
    """,
    "create index ix_customer_words_words on customer_words using gin (words)",
    "create index ix_customers_number_said on customers (lower(number))",
    "create index ix_accounts_number_said on accounts (lower(number) text_pattern_ops)",
    "create index ix_customers_name_begins on customers (lower(name) text_pattern_ops)",
)
# Words may stand there twice: who waits for nobody's commit cannot be part of a deadlock.
NOTE = r"""
create function note_customer_words(ids bigint[]) returns void language sql begin atomic
    with said as (
        select c.id, c.name as words from customers c where c.id = any(ids)
        union all
        select a.customer_id, concat_ws(' ', p.address, p.city, p.postcode, replace(p.postcode, ' ', ''))
        from accounts a
        join occupancies o on o.account_id = a.id
        join premises p on p.id = o.premise_id
        where a.customer_id = any(ids)
    ),
    split as (
        select id, regexp_split_to_table(search_fold(words), '[\W_]+') collate "C" as word from said
    ),
    found as (select id, array_agg(distinct word) as words from split where word <> '' group by id),
    met as (
        insert into search_words (word)
        select distinct word from split
        where word <> '' and not exists (select from search_words known where known.word = split.word)
    )
    insert into customer_words (customer_id, words)
    select id, words from found
    on conflict (customer_id) do update set words = excluded.words
    where customer_words.words is distinct from excluded.words;
end
"""
# Each names the customers whose words a statement may have changed.
WHOSE = {
    ("customers", "insert"): "select id from made",
    ("customers", "update"): "select m.id from made m join gone g using (id) where m.name <> g.name",
    ("occupancies", "insert"): "select a.customer_id from made m join accounts a on a.id = m.account_id",
    ("occupancies", "update"): (
        "select a.customer_id from made m join gone g using (id) join accounts a "
        "on a.id in (m.account_id, g.account_id) "
        "where (m.account_id, m.premise_id) <> (g.account_id, g.premise_id)"
    ),
    ("occupancies", "delete"): "select a.customer_id from gone g join accounts a on a.id = g.account_id",
    ("accounts", "update"): (
        "select unnest(array[m.customer_id, g.customer_id]) from made m join gone g using (id) "
        "where m.customer_id <> g.customer_id"
    ),
    ("premises", "update"): (
        "select a.customer_id from made m join gone g using (id) "
        "join occupancies o on o.premise_id = m.id join accounts a on a.id = o.account_id "
        "where (m.address, m.city, m.postcode) <> (g.address, g.city, g.postcode)"
    ),
}
_SEEN = {
    "insert": "new table as made",
    "update": "old table as gone new table as made",
    "delete": "old table as gone",
}


def upgrade() -> None:
    """Makes the tables, fills them from what is there, and keeps them by triggers."""
    op.execute("create extension if not exists unaccent")
    for statement in (FOLD, *TABLES, NOTE):
        op.execute(statement)
    op.execute("select note_customer_words(coalesce(array_agg(id), '{}')) from customers")
    for (table, event), whose in WHOSE.items():
        name = f"words_of_{table}_{event}"
        op.execute(
            f"""
            create function {name}() returns trigger language plpgsql as $$
            declare ids bigint[];
            begin
                select array_agg(distinct one) into ids from ({whose}) as found(one);
                if ids is not null then perform note_customer_words(ids); end if;
                return null;
            end $$
            """
        )
        op.execute(
            f"create trigger {name} after {event} on {table} referencing {_SEEN[event]} "
            f"for each statement execute function {name}()"
        )


def downgrade() -> None:
    """Search compares names and addresses themselves again."""
    for table, event in WHOSE:
        op.execute(f"drop trigger words_of_{table}_{event} on {table}")
        op.execute(f"drop function words_of_{table}_{event}()")
    op.execute("drop function note_customer_words(bigint[])")
    for index in ("ix_customers_number_said", "ix_accounts_number_said", "ix_customers_name_begins"):
        op.execute(f"drop index {index}")
    op.execute("drop table customer_words, search_words")
    op.execute("drop function search_fold(text)")
    op.execute("drop extension if exists unaccent")
