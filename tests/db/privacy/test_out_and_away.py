"""A customer's data in an archive; a request, two people, an erasure; and what stays is shown, sealed,
ended."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from zipfile import ZipFile

import pytest
from demo_world import MARGARET
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.documents.making import document_of
from billing.personal import papers
from utility_crm.auth.sealing import Sealer
from utility_crm.customers.actions import import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.customers.search import find
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.privacy.archive import write_archive
from utility_crm.privacy.asking import approve, ask, close, extend, lift_hold, place_hold
from utility_crm.privacy.ending import end_what_is_over, erase, open_sealed, put_off
from utility_crm.privacy.exports import ask_archive, forget_archives, make_next, pieces, take
from utility_crm.privacy.reading import judgement_of, scopes_of, there

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SEALER = Sealer("a test's own")


@pytest.fixture
def staff(house: Session) -> tuple[int, int]:
    house.execute(text("delete from privacy_exports"))  # the demo has one that waits
    first, second = house.scalars(text("select id from users order by id limit 2"))
    return first, second


def settled(session: Session, customer: int) -> None:
    """They have left: the supply ended with its last bill, nothing is owed, nothing is open."""
    for sql in (
        "select set_config('utility_crm.erasing', 'on', true)",
        """delete from agreements g where g.account_id in (select id from accounts where customer_id = :id)
           and not exists (select from bills b where b.account_id = g.account_id and b.ends_before >
           g.starts_on)
           and not exists (select from supply_changes c where g.id in (c.agreement_id,
           c.next_agreement_id))""",
        """update agreements g set ends_before = (select max(ends_before) from bills b
               where b.account_id = g.account_id), end_reason = 'moved'
           where g.account_id in (select id from accounts where customer_id = :id)
             and (g.ends_before is null or g.ends_before > '2026-11-20')""",
        """update occupancies o set ends_before = '2026-11-10' where ends_before is null
           and account_id in (select id from accounts where customer_id = :id)""",
        "alter table account_balances disable trigger account_balances_follow",
        """update account_balances set balance_minor = 0
           where account_id in (select id from accounts where customer_id = :id)""",
        "alter table account_balances enable trigger account_balances_follow",
        """update tickets set status = 'closed', solved_at = '2026-11-19', closed_at = '2026-11-19'
           where customer_id = :id""",
        """update complaints set stage = 'closed', closed_at = '2026-11-19', outcome = 'upheld'
           where ticket_id in (select id from tickets where customer_id = :id)""",
        "update outbox set state = 'dead', lease_until = null where customer_id = :id and state = 'sending'",
        """update letter_batches set state = 'handed_over', handed_over_at = '2026-11-19',
               handed_over_by = (select min(id) from users) where state = 'gathered'""",
        "delete from appointments where customer_id = :id",
        """update disputes set state = 'lost', closed_on = '2026-11-19'
           where state = 'open' and account_id in (select id from accounts where customer_id = :id)""",
        """delete from direct_debits where state = 'sent'
           and account_id in (select id from accounts where customer_id = :id)""",
        """update deposits set returned_on = '2026-11-19', interest_minor = 0 where returned_on is null
           and account_id in (select id from accounts where customer_id = :id)""",
        "select set_config('utility_crm.erasing', 'off', true)",
    ):  # fmt: skip
        session.execute(text(sql), {"id": customer} if ":id" in sql else {})


def archive_of(session: Session, customer: int, language: str = "") -> tuple[ZipFile, dict[str, object]]:
    out = BytesIO()
    write_archive(session, customer, out, now=NOW, today=TODAY, language=language)
    opened = ZipFile(BytesIO(out.getvalue()))
    return opened, json.loads(opened.read("manifest.json"))


def test_an_archive_holds_everything_and_says_what_it_holds(house: Session) -> None:
    archive, manifest = archive_of(house, MARGARET)
    files = {one["name"]: one for one in manifest["files"]}  # type: ignore[index, attr-defined]
    assert set(files) | {"manifest.json"} == set(archive.namelist())
    for name, said in files.items():
        content = archive.read(name)
        assert sha256(content).hexdigest() == said["sha256"] and len(content) == said["bytes"]
    assert not manifest["could_not_be_made"]
    assert {"data/customers.json", "data/blocks.csv", "data/bills.csv", "data/contact_points.csv"} <= set(
        files
    )
    assert "data/blocks.json" not in files  # readings are CSV alone
    bills = list(csv.DictReader(TextIOWrapper(archive.open("data/bills.csv"), "utf-8", newline="")))
    known = house.scalars(
        text("select b.number from bills b join accounts a on a.id = b.account_id where a.customer_id = :id"),
        {"id": MARGARET},
    ).all()
    assert sorted(one["number"] for one in bills) == sorted(known)
    assert all(archive.read(f"bills/{number}.pdf").startswith(b"%PDF") for number in known[:2])
    scopes = scopes_of(house, MARGARET, TODAY)
    due = house.scalar(
        text("""select sum(cardinality(micro)) from blocks b join unnest(cast(:span_channels as bigint[]),
                cast(:span_firsts as date[]), cast(:span_befores as date[])) s(c, f, t)
                on s.c = b.channel_id and b.day >= s.f and b.day < s.t"""),
        scopes,
    )  # fmt: skip
    assert files["data/blocks.csv"]["rows"] == due > 10_000
    page = archive.read("index.html").decode()
    assert "Margaret" in page and 'lang="en"' in page and "What stays in the house" in page
    assert 'lang="ru"' in archive_of(house, MARGARET, "ru")[0].read("index.html").decode()


def test_an_archive_names_nobody_else_and_no_colleague(house: Session) -> None:
    first = text("select name from customers where id <> :id and kind = 'person' order by id limit 1")
    other = house.scalar(first, {"id": MARGARET})
    house.execute(
        text("""insert into contacts (customer_id, channel, topic, note)
                values (:id, 'call', 'bill', 'wants ' || cast(:other as text) || ' to call; =cmd()')"""),
        {"id": MARGARET, "other": other},
    )
    house.execute(
        text("""insert into relations (customer_id, other_id, kind, starts_on, noted_at)
                select :id, c.id, 'household', :day, :now from customers c where c.name = :other limit 1"""),
        {"id": MARGARET, "other": other, "day": TODAY, "now": NOW},
    )
    ticket = house.scalar(text("select id from tickets where customer_id = :id limit 1"), {"id": MARGARET})
    house.execute(
        text("""insert into ticket_messages (ticket_id, direction, channel, text, at)
                values (:t, 'note', 'note', 'between us: she is difficult', :now)"""),
        {"t": ticket, "now": NOW},
    )
    archive, _manifest = archive_of(house, MARGARET)
    colleagues = house.scalars(text("select name from users")).all()
    for name in archive.namelist():
        if not name.startswith("data/"):
            continue
        said = archive.read(name).decode()
        assert other not in said, name
        assert "between us" not in said
        columns = said.splitlines()[0].split(",") if name.endswith(".csv") else []
        assert not {"author_id", "made_by", "user_id", "raw", "token_digest"} & set(columns)
    messages = archive.read("data/ticket_messages.csv").decode() if ticket else ""
    assert not any(name in messages for name in colleagues)
    assert "to call" in archive.read("data/contacts.csv").decode()


def test_two_people_or_nobody(house: Session, staff: tuple[int, int]) -> None:
    first, second = staff
    known = {"now": NOW, "today": TODAY, "country": "GB"}
    request = ask(house, MARGARET, "erasure", "letter", "signed, like her contract", TODAY, by=first, **known)
    with pytest.raises(Conflict):
        ask(house, MARGARET, "erasure", "call", "again", TODAY, by=first, **known)
    with pytest.raises(Conflict, match="in the way"):
        approve(house, request, by=second, **known)
    codes = {one.code for one in judgement_of(house, scopes_of(house, MARGARET, TODAY), "GB", TODAY).waits}
    assert "contract_open" in codes
    settled(house, MARGARET)
    assert judgement_of(house, scopes_of(house, MARGARET, TODAY), "GB", TODAY).waits == ()
    with pytest.raises(Refused):
        approve(house, request, by=first, **known)
    with pytest.raises(IntegrityError), house.begin_nested():
        house.execute(
            text("update privacy_requests set state = 'approved', decided_by = asked_by where id = :id"),
            {"id": request},
        )
    hold = place_hold(
        house, MARGARET, "a case in court", TODAY + timedelta(90), by=first, now=NOW, today=TODAY
    )
    with pytest.raises(Conflict):
        approve(house, request, by=second, **known)
    with pytest.raises(Invalid):
        lift_hold(house, hold, " ", by=second, now=NOW)
    lift_hold(house, hold, "the case is over", by=second, now=NOW)
    approve(house, request, by=second, **known)
    late = place_hold(house, MARGARET, "an appeal", TODAY + timedelta(90), by=first, now=NOW, today=TODAY)
    with pytest.raises(Conflict):  # judged again when it is done
        erase(house, request, SEALER, **known)
    put_off(house, request)
    lift_hold(house, late, "withdrawn", by=second, now=NOW)
    with pytest.raises(NotFound):
        erase(house, request, SEALER, **known)


def test_erased_and_ended(house: Session, staff: tuple[int, int]) -> None:
    first, second = staff
    known = {"now": NOW, "today": TODAY, "country": "GB"}
    name, number = house.execute(
        text("select name, number from customers where id = :id"), {"id": MARGARET}
    ).one()
    bill = house.scalars(
        text("select b.number from bills b join accounts a on a.id = b.account_id where a.customer_id = :id"),
        {"id": MARGARET},
    ).first()
    assert bill
    account = house.scalar(text("select min(number) from accounts where customer_id = :id"), {"id": MARGARET})
    settled(house, MARGARET)
    archive = ask_archive(house, MARGARET, by=first, now=NOW)
    make_next(house, now=NOW, today=TODAY, kept_days=7)
    request = ask(house, MARGARET, "erasure", "letter", "signed", TODAY, by=first, **known)
    approve(house, request, by=second, **known)
    done = erase(house, request, SEALER, **known)
    assert done.left_over == [] and done.went["contact_points"]["deleted"]
    assert done.kept_until == date(2032, 12, 31)
    with pytest.raises(Conflict):
        there(house, MARGARET)
    assert not find(house, name, 9, country="GB", finders=()) or all(
        hit.customer_id != MARGARET for hit in find(house, name, 9, country="GB", finders=())
    )
    assert list(pieces(house, archive)) == []
    words = house.scalars(
        text("select words from customer_words where customer_id = :id"), {"id": MARGARET}
    ).all()
    assert not any(word in name.lower().split() for one in words for word in one)
    assert document_of(house, bill).startswith(b"%PDF")
    sealed = open_sealed(house, MARGARET, "the tax office asks", SEALER)
    assert any(values.get("addressee", {}).get("name") == name for _table, _key, values in sealed)
    with pytest.raises(Invalid):
        open_sealed(house, MARGARET, " ", SEALER)
    assert end_what_is_over(house, now=NOW, today=date(2032, 12, 31)) < 5
    hold = place_hold(house, MARGARET, "an inspection", date(2034, 1, 1), by=first, now=NOW, today=TODAY)
    assert end_what_is_over(house, now=NOW, today=date(2033, 1, 1)) == 0
    lift_hold(house, hold, "it is over", by=second, now=NOW)
    assert end_what_is_over(house, now=NOW, today=date(2033, 1, 1)) > 0
    with pytest.raises(NotFound):
        open_sealed(house, MARGARET, "the tax office asks again", SEALER)
    ended, shown = house.execute(
        text("select e.ended_at, c.number from erasures e join customers c on c.id = e.customer_id")
    ).one()
    assert ended == NOW and shown != number
    content = f"customer_number,name,account_number\n{number},M,N-1\nN-2,M,{account}\nN-3,Tom,N-3\n"
    defaults = Defaults("GBP", "GB", "Europe/London")
    brought = import_customers(house, content.encode(), today=TODAY, defaults=defaults)
    assert [(one.line, one.code) for one in brought.problems] == [
        (2, "customer_number"), (3, "account_number")
    ]  # fmt: skip
    assert f"{number!r} is of somebody who was erased" in brought.problems[0].message


def test_a_request_is_extended_once_refused_with_a_reason_and_answered_by_taking(
    house: Session, staff: tuple[int, int]
) -> None:
    first, second = staff
    known = {"now": NOW, "today": TODAY, "country": "DE"}
    request = ask(
        house, MARGARET, "export", "email", "from her address", date(2026, 11, 1), by=first, **known
    )
    assert extend(house, request, "eleven years of supply", country="DE") == date(2027, 2, 1)
    with pytest.raises(Conflict):
        extend(house, request, "once more", country="DE")
    export = ask_archive(house, MARGARET, by=first, now=NOW)
    with pytest.raises(Conflict):
        ask_archive(house, MARGARET, by=second, now=NOW)
    assert make_next(house, now=NOW, today=TODAY, kept_days=7) == export
    assert make_next(house, now=NOW, today=TODAY, kept_days=7) is None
    with pytest.raises(Refused):
        take(house, export, user_id=second, sign_in_id=1, may_all=False, now=NOW)
    taken = take(house, export, user_id=first, sign_in_id=1, may_all=False, now=NOW)
    whole = b"".join(pieces(house, export))
    assert sha256(whole).hexdigest() == taken.sha256 and len(whole) == taken.size_bytes
    assert ZipFile(BytesIO(whole)).testzip() is None
    with pytest.raises(Conflict):
        take(house, export, user_id=first, sign_in_id=1, may_all=False, now=NOW)
    take(house, export, user_id=second, sign_in_id=2, may_all=True, now=NOW)
    with pytest.raises(Conflict):
        close(house, request, "refused", "too late", by=second, now=NOW)
    assert forget_archives(house, NOW + timedelta(days=6)) == 0
    assert forget_archives(house, NOW + timedelta(days=8)) == 1
    assert list(pieces(house, export)) == []
    with pytest.raises(NotFound):
        take(house, export, user_id=first, sign_in_id=3, may_all=False, now=NOW + timedelta(days=8))


def test_who_pays_for_others_answers_for_them_and_keeps_the_invoices(house: Session) -> None:
    account, bill, number = house.execute(
        text("""select a.id, b.id, b.number from accounts a join bills b on b.account_id = a.id
                join invoices i on i.bill_id = b.id where a.customer_id = :id order by b.id desc limit 1"""),
        {"id": MARGARET},
    ).one()
    payer = house.execute(
        text("""insert into customers (number, kind, name, segment, since)
                values ('PAYS', 'person', 'Harriet Quill', 'household', '2020-01-01') returning id""")
    ).scalar_one()
    given = {"payer": payer, "account": account, "bill": bill, "id": MARGARET}
    house.execute(
        text("""with fix as (insert into corrections (bill_id, cause, known_at, found_at, before_minor,
                    after_minor, before_micro_kwh, after_micro_kwh, state)
                    select :bill, 'readings', :now, :now, 1, 0, 1, 0, 'superseded' returning id)
                insert into credit_notes (number, bill_id, correction_id, account_id, issued_on, currency,
                    total_minor) select 'CN-1', :bill, id, :account, '2026-11-01', 'GBP', -1 from fix"""),
        {**given, "now": NOW},
    )
    names = {paper.name for paper in papers(house, scopes_of(house, MARGARET, TODAY), "en")}
    assert {f"bills/{number.replace('/', '-')}.pdf", "bills/CN-1.pdf"} <= names
    for sql in (
        "update accounts set payer_id = :payer, closed_on = '2026-11-02' where id = :account",
        "update invoices set customer_id = :payer where bill_id = :bill",
        "alter table account_balances disable trigger account_balances_follow",
        """insert into account_balances (account_id, customer_id, balance_minor)
           select id, customer_id, 5 from accounts where id = :account
           on conflict (account_id) do update set balance_minor = 5""",
        "alter table account_balances enable trigger account_balances_follow",
    ):
        house.execute(text(sql), {name: given[name] for name in given if f":{name}" in sql})
    names = {paper.name for paper in papers(house, scopes_of(house, MARGARET, TODAY), "en")}
    assert not {f"bills/{number.replace('/', '-')}.pdf", "bills/CN-1.pdf"} & names
    judged = judgement_of(house, scopes_of(house, payer, TODAY), "GB", TODAY)
    assert "money_open" in {one.code for one in judged.waits}
    assert judged.keeps("bills")


def test_an_archive_of_somebody_forgotten_is_not_made_and_none_is_left(
    house: Session, staff: tuple[int, int]
) -> None:
    first, _second = staff
    made = ask_archive(house, MARGARET, by=first, now=NOW)
    assert make_next(house, now=NOW, today=TODAY, kept_days=7) == made
    house.execute(text("update privacy_exports set state = 'gone'"))  # its parts came after
    assert list(pieces(house, made))
    assert forget_archives(house, NOW) == 1 and list(pieces(house, made)) == []
    late = ask_archive(house, MARGARET, by=first, now=NOW)
    house.execute(
        text("update customers set erased_on = :day where id = :id"), {"day": TODAY, "id": MARGARET}
    )
    assert make_next(house, now=NOW, today=TODAY, kept_days=7) == late
    state = house.scalar(text("select state from privacy_exports where id = :id"), {"id": late})
    assert state == "failed" and list(pieces(house, late)) == []


def test_whoever_was_merged_since_is_not_erased_as_a_stub(house: Session, staff: tuple[int, int]) -> None:
    first, second = staff
    known = {"now": NOW, "today": TODAY, "country": "GB"}
    settled(house, MARGARET)
    request = ask(house, MARGARET, "erasure", "letter", "signed", TODAY, by=first, **known)
    approve(house, request, by=second, **known)
    house.execute(
        text("""update customers set merged_into_id = (select min(id) from customers o where o.id <> :id
                and o.merged_into_id is null) where id = :id"""),
        {"id": MARGARET},
    )
    with pytest.raises(Conflict, match="merged"):
        erase(house, request, SEALER, **known)
