"""How commands speak of what they cannot do."""

from __future__ import annotations

import json

import pytest
import typer
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError

from utility_crm.kit.commands import speaking
from utility_crm.kit.errors import Invalid


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("empty", "The file is empty.", "a.csv"), "empty"),
        (OperationalError("select", {}, Exception("connection refused")), "database_unreachable"),
        (OperationalError("update", {}, DeadlockDetected("deadlock detected")), "at_the_same_moment"),
    ],
)
def test_an_error_is_one_document_and_exits_1(
    capsys: pytest.CaptureFixture[str], error: Exception, code: str
) -> None:
    with pytest.raises(typer.Exit) as left, speaking(True):
        raise error
    assert left.value.exit_code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == code and told["error"]["message"]
