"""Others around a customer, somebody who died, and a visit to check the meter."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.permission import Asked, Reason, Withhold, not_to_the_dead, permission
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.kit.clock import utc_now

HX = {"HX-Request": "true"}


def test_somebody_may_speak_for_her_until_it_ends(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    son = {"kind": "speaks_for", "name": "Daniel Example", "about": "bill", "until": "2027-03-31"}
    refused = client.post(f"{path}/relations", data=son)
    assert refused.status_code == 422 and "shows a proof" in refused.text and "Daniel Example" in refused.text
    assert client.post(f"{path}/relations", data=son | {"proof": "power of attorney"}).status_code == 303
    page = client.get(f"{path}?ask=parties").text
    assert "“Daniel Example may speak for you.”" in page and "until 31 Mar 2027" in page
    assert "One other may speak for them" in page and "power of attorney" in page
    again = client.post(f"{path}/relations", data=son | {"proof": "the same"})
    assert again.status_code == 409
    relation = session.scalar(text("select id from relations"))
    session.execute(text("update relations set starts_on = starts_on - 10"))
    assert client.post(f"{path}/relations/{relation}/end").status_code == 303
    assert "Nobody else may speak for them" in client.get(f"{path}?ask=parties").text
    kept = text("select before, after from audit_log where kind = 'detail' and customer_id = :id order by id")
    noted = session.execute(kept, {"id": people.margaret}).all()
    assert [one.after is None for one in noted] == [False, True]


def test_a_customer_of_ours_is_named_by_number_and_seen_from_both_sides(
    make_client: MakeClient, people: People
) -> None:
    client = make_client("agent", installed=[])
    works = {"kind": "works_for", "name": "C100003", "role": "accounts"}
    assert client.post(f"/customers/{people.bakery}/relations", data=works).status_code == 303
    assert "Joseph Okafor" in client.get(f"/customers/{people.bakery}?ask=parties", headers=HX).text
    other = client.get(f"/customers/{people.joseph}?ask=parties", headers=HX).text
    assert "Thornbury Bakery Ltd" in other and "the other way round: works there" in other
    own = client.post(f"/customers/{people.bakery}/relations", data=works | {"name": "C100002"})
    assert own.status_code == 409


@pytest.mark.usefixtures("verification")
def test_who_speaks_for_her_is_masked_too(make_client: MakeClient, people: People, session: Session) -> None:
    session.execute(
        text(
            "insert into relations (customer_id, name, reach, kind, starts_on, proof, noted_at) values "
            "(:id, 'Daniel Example', '07700 900555', 'guardian', '2026-01-01', 'court order 7', now())"
        ),
        {"id": people.margaret},
    )
    page = make_client("agent", installed=[]).get(f"/customers/{people.margaret}?ask=parties").text
    assert not any(raw in page for raw in ("Daniel Example", "07700 900555", "court order 7"))
    assert "One other may speak for them; who it is, is masked." in page


def test_no_offer_and_no_reminder_goes_to_who_has_died(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.joseph}"
    assert client.post(f"{path}/death", data={"died_on": "2027-01-01", "why": "x"}).status_code == 422
    assert (
        client.post(f"{path}/death", data={"died_on": "2026-11-03", "why": "certificate"}).status_code == 303
    )
    page = client.get(path).text
    assert "They have died" in page and "on 3 Nov 2026" in page
    assert not_to_the_dead("marketing", "campaign") and not_to_the_dead("service", "final_warning")
    assert not not_to_the_dead("service", "planned_outage")
    asked = Asked("service", "j@mail.example", None, "Europe/London", urgent=True, died=True)
    assert permission(asked, utc_now()) == Withhold(Reason.DIED)


def test_a_meter_check_is_booked_told_and_a_task(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent"), f"/customers/{people.margaret}"
    panel = client.get(f"{path}/acts/m?ask=owe", headers=HX).text
    premise = session.scalar(text("select id from premises where code = 'P1'"))
    assert f'name="place" value="{premise}"' in panel
    form = {
        "place": premise,
        "on_day": "2026-11-24",
        "slot": "08-12",
        "note": "runs backwards",
        "do": "m",
        "ask": "owe",
    }
    late = client.post(f"{path}/meter-checks", data=form | {"on_day": "2026-11-20"})
    assert late.status_code == 422 and "from tomorrow" in late.text
    booked = client.post(f"{path}/meter-checks", data=form)
    assert booked.status_code == 303 and booked.headers["location"] == f"{path}?ask=owe"
    told = session.execute(text("select notice, context ->> 'starts_at' as at from outbox")).one()
    assert told.notice == "appointment" and told.at.startswith("2026-11-24T08:00")
    assert (
        session.scalar(text("select count(*) from tasks where customer_id = :id"), {"id": people.margaret})
        == 1
    )
    assert "runs backwards" in client.get(f"{path}/acts/m", headers=HX).text
    assert client.post(f"{path}/meter-checks", data=form | {"on_day": "2026-11-25"}).status_code == 409


def test_a_customer_elsewhere_is_not_named_by_number_to_who_may_not_see_them(
    session: Session, make_client: MakeClient, people: People
) -> None:
    """The number is kept as it was typed, as one that nobody has would be: it tells nothing."""
    client = make_client("agent", installed=[])
    session.execute(
        text(
            "with area as (insert into network_nodes (code, name, kind) values ('ZZ', 'Z', 'area') "
            "returning id),"
            " home as (insert into premises (code, node_id, address, timezone) select 'PZ', id, 'Z', 'UTC' "
            "from area returning id), lives as (insert into occupancies (account_id, premise_id, starts_on) "
            "select (select min(id) from accounts where customer_id = :bakery), id, '2020-01-01' from home) "
            "update users set area_ids = array(select id from area)"
        ),
        {"bakery": people.bakery},
    )
    assert client.get(f"/customers/{people.joseph}").status_code == 404
    path = f"/customers/{people.bakery}"
    for name in ("C100003", "C999999"):
        works = {"kind": "works_for", "name": name, "role": "accounts"}
        assert client.post(f"{path}/relations", data=works).status_code == 303
    page = client.get(f"{path}?ask=parties", headers=HX).text
    assert "Joseph" not in page and "C100003" in page and "C999999" in page
    assert session.scalars(text("select other_id from relations")).all() == [None, None]
