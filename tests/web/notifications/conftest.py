"""The house with this package alone, so that what others show is not in the way."""

from __future__ import annotations

from functools import partial

import pytest

from notifications.module import MODULE
from tests.web.conftest import MakeClient


@pytest.fixture
def make_client(make_client: MakeClient) -> MakeClient:
    return partial(make_client, installed=[MODULE])
