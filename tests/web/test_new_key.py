"""A new secret key beside the one before it: nobody is signed out, nothing sealed is lost, links work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.tokens import Leaving, leaving_in, unsubscription
from utility_crm.auth.cookies import Sessions
from utility_crm.auth.sealing import Sealer, reseal
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Refused
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import settings
from utility_crm.surveys.tokens import survey_in, token
from utility_crm.webhooks.actions import Wanted, add_listener, turn_secret

OLD, NEW = "the key of last year", "the key of this year"


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", NEW)
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEYS_BEFORE", OLD)
    settings.cache_clear()
    return signing_keys()


def test_what_the_old_key_signed_is_read_and_nothing_more_is_signed_by_it(both: list[str]) -> None:
    assert both == [OLD, NEW]
    assert Sessions(both).read(Sessions(OLD).issue("abc")) == "abc"
    assert Sessions(NEW).read(Sessions(both).issue("abc")) == "abc"
    assert Sessions(OLD).read(Sessions(both).issue("abc")) is None
    assert Sessions(both).read(Sessions("a stranger's").issue("abc")) is None
    leaving = Leaving(7, "email", 9)
    assert leaving_in(both, unsubscription(OLD, leaving)) == leaving
    assert leaving_in(OLD, unsubscription(both, leaving)) is None
    assert survey_in(both, token(OLD, 5, 3)) == (5, 3) and survey_in(both, token("no", 5, 3)) is None


def test_what_the_old_key_sealed_is_opened_and_sealed_anew(session: Session, both: list[str]) -> None:
    now = utc_now()
    made = add_listener(
        session, Wanted("One", "https://one.example/", ("ticket.opened",)), Sealer(OLD), now, by=None
    )
    turned = turn_secret(session, made.id, Sealer(OLD), now, both=timedelta(hours=1))
    strange = add_listener(
        session, Wanted("Two", "https://two.example/", ("ticket.opened",)), Sealer("lost"), now, by=None
    )
    assert reseal(session, Sealer(both)) == 2 and reseal(session, Sealer(both)) == 0
    rows = session.execute(text("select id, secret, old_secret from webhook_subscriptions order by id")).all()
    assert Sealer(NEW).open(rows[0].secret) == turned.secret
    assert Sealer(NEW).open(rows[0].old_secret) == made.secret
    assert rows[1].id == strange.id
    with pytest.raises(Refused):
        Sealer(both).open(rows[1].secret)
