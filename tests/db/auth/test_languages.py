"""The language of a person's pages."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.actions import add_user, set_language
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid


def test_a_person_chooses_a_language(session: Session) -> None:
    add_user(session, login="olga", name="Olga", role="ops", password="long enough to keep", language="ru")
    add_user(session, login="sam", name="Sam", role="ops", password="long enough to keep")
    set_language(session, "Sam", "ru")
    session.flush()
    assert session.scalars(select(User.language).order_by(User.id)).all() == ["ru", "ru"]


def test_pages_speak_what_they_have_words_for(session: Session) -> None:
    with pytest.raises(Invalid):
        add_user(session, login="ada", name="Ada", role="ops", password="long enough to keep", language="xx")
    with pytest.raises(Invalid):
        set_language(session, "nobody", "en")
