"""What the ground keeps of a customer: who they are, how to reach them, what was said."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Keeping, Personal, Scope, Waits
from utility_crm.web.words import mark

ERASED = "'(erased)'"
HOUSE = "the house's own: tariffs, rules, networks, jobs"
_THEIRS = "t.customer_id = any(:people)"
_ACCOUNT = "t.account_id = any(:accounts)"

SCOPES = (
    Scope(
        "people",
        """with recursive one(id) as (
               select cast(:customer as bigint)
               union select c.id from customers c join one on c.merged_into_id = one.id
           ) select id from one""",
    ),
    Scope("accounts", "select id from accounts where customer_id = any(:people)"),
    Scope(
        "addresses",
        """select distinct lower(said)
           from contact_points p, unnest(array[p.value, p.normal]) said
           where p.customer_id = any(:people)
             and p.kind in ('email', 'phone', 'messenger', 'app') and said <> ''""",
    ),
    Scope(
        "own_addresses",
        """select said from unnest(cast(:addresses as text[])) said
           where not exists (select from contact_points p join customers c on c.id = p.customer_id
                             where lower(p.normal) = said and c.id <> all(:people) and c.erased_on is null)
             and not exists (select from contact_points p join customers c on c.id = p.customer_id
                             where lower(p.value) = said and c.id <> all(:people) and c.erased_on is null)""",
    ),
    Scope("names", "select distinct name from customers where id = any(:people)"),
    Scope(
        "homes",
        """select distinct value from contact_points where customer_id = any(:people) and kind = 'post'""",
    ),
    Scope("numbers", "select number from customers where id = any(:people)"),
)
"""All other scopes follow from these. addresses: as written and as compared, in small letters; own_addresses:
those that no other living customer has, by which alone rows that name no customer are theirs."""

HOLDINGS = (
    Holding(
        "appointment_events",
        mark("What became of visits"),
        "t.appointment_id in (select a.id from appointments a where a.customer_id = any(:people))",
        "delete",
        hidden=("note",),
    ),
    Holding("appointments", mark("Visits"), _THEIRS, "delete"),
    Holding(
        "verifications",
        mark("When somebody asked whether it was you"),
        _THEIRS,
        "delete",
        hidden=("reason", "asked"),
    ),
    Holding(
        "relations",
        mark("Who speaks for you, who lives with you"),
        "(t.customer_id = any(:people) or t.other_id = any(:people))",
        "delete",
        masked=("name", "reach"),
        hidden=("other_id", "reach_number"),
        sweeps=("name", "reach"),
    ),
    Holding("contacts", mark("What was said"), _THEIRS, "delete", sweeps=("note",)),
    Holding("customer_flags", mark("Special needs"), _THEIRS, "delete"),
    Holding("contact_points", mark("How to reach you"), _THEIRS, "delete"),
    Holding("open_customers", mark("Open pages"), _THEIRS, "delete", out=None),
    Holding("fact_values", mark("Figures for segments"), _THEIRS, "delete"),
    Holding("customer_words", mark("Words of the search"), _THEIRS, "delete", out=None),
    Holding(
        "occupancies",
        mark("Where you live"),
        _ACCOUNT,
        "stays",
        kept="last",
        then="delete",
        out="""select a.number as account, p.address, p.city, p.postcode, p.country, t.starts_on,
            t.ends_before
               from occupancies t join accounts a on a.id = t.account_id join premises p on p.id =
               t.premise_id
               where t.account_id = any(:accounts) order by t.starts_on""",
    ),
    Holding(
        "accounts",
        mark("Accounts"),
        "t.id = any(:accounts)",
        "stays",
        kept="last",
        then={"number": "'X' || t.id"},
        hidden=("customer_id", "payer_id"),
    ),
    Holding(
        "customers",
        mark("Who you are"),
        "t.id = any(:people)",
        {
            "name": ERASED,
            "tags": "'{}'",
            "erased_on": "cast(:today as date)",
            "died_on": "null",
            "preferred_channel": "''",
            "contact_times": "'{}'",
        },
        kept="last",
        then={"number": "'X' || t.id"},
        hidden=("tags", "erased_on"),
    ),
)

WAITS = (
    Waits(
        "visit_booked",
        f"""select count(*), coalesce(string_agg(t.on_day::text, ', '), '') from appointments t
            where {_THEIRS} and t.state = 'booked' and t.on_day >= :today""",
        mark("%(many)s visits are booked: %(which)s"),
    ),
    Waits(
        "lives_there",
        """select count(*), coalesce(string_agg(distinct a.number, ', '), '') from occupancies o
           join accounts a on a.id = o.account_id
           where o.account_id = any(:accounts) and (o.ends_before is null or o.ends_before > :today)""",
        mark("They live at %(many)s places still: accounts %(which)s"),
    ),
)
KEEPINGS = (
    Keeping(
        "contracts",
        mark("Contracts"),
        "select max(coalesce(ends_before, :today)) from occupancies where account_id = any(:accounts)",
    ),
)
AGINGS = (
    Aging(
        "contacts.note",
        mark("Notes of what was said"),
        "contacts",
        "at",
        36,
        mark("as long as a claim may be brought in most countries"),
        old="t.at < :cut and t.note <> '' and (not t.complaint or t.answered_at is not null)",
        now={"note": "''"},
        person="t.customer_id",
        least=3,
    ),
    Aging(
        "verifications",
        mark("Who asked a caller who they are"),
        "verifications",
        "at",
        24,
        mark("as long as the audit log"),
        old="t.at < :cut",
        person="t.customer_id",
        least=3,
    ),
)
PERSONAL = Personal(
    HOLDINGS,
    SCOPES,
    WAITS,
    KEEPINGS,
    AGINGS,
    apart={
        "network_nodes": HOUSE,
        "premises": "places: they stay when those who live there go; occupancies alone say who lived there",
        "temperature_days": HOUSE,
        "installation": HOUSE,
        "clocks": HOUSE,
        "job_runs": HOUSE,
        "job_events": HOUSE,
        "search_words": "words of all names and places, without saying whose; those that nobody has any more "
        "go with the erasure",
    },
    blanks=(
        """delete from search_words w where w.word = any(
               select regexp_split_to_table(search_fold(said), '[\\W_]+') from unnest(cast(:names as
               text[])) said)
           and not exists (select from customer_words k where k.words @> array[cast(w.word as text)])""",
    ),
)
