"""The top bar: the rooms of one's own work stand first."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import MakeClient
from utility_crm.auth.permissions import ROLES
from utility_crm.installed import modules
from utility_crm.web.chrome import rooms_of

FIRST = {
    "agent": ["/"],
    "marketer": ["/leavers", "/segments", "/campaigns"],
    "ops": ["/feeds", "/billing", "/outages", "/notices"],
}


@pytest.mark.parametrize("role", FIRST)
def test_the_rooms_of_ones_own_work_stand_first(make_client: MakeClient, role: str) -> None:
    page = make_client(role).get("/customers").text
    bar = page[page.index('aria-label="Rooms"') : page.index("</nav>")]
    paths = [path for path in re.findall(r'href="(/[^"]*)"', bar) if path != "/value"]
    assert paths[: len(FIRST[role])] == FIRST[role]
    assert len(paths) > len(FIRST[role]) and "/customers" in paths


def test_every_role_begins_in_a_room_that_there_is_and_that_it_may_enter() -> None:
    rooms = {room.path: room for room in rooms_of(modules())}
    for role in ROLES.values():
        assert rooms[role.rooms[0]].permission in role.permissions
