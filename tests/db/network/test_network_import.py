"""The network's own file, with the meters' column: whole or not at all, safe to repeat."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.balance.importing import COLUMNS
from utility_crm.kit.errors import Invalid
from utility_crm.network.importing import ImportedNetwork, import_network

TREE = """code,name,kind,parent,service_point
N,North,area,,
N1,North 1,feeder,N,
N11,North 1 transformer 1,transformer,N1,TM11
N2,Transformer at the station,transformer,N,
"""
Import = Callable[..., ImportedNetwork]


@pytest.fixture
def bring(session: Session) -> Import:
    def brought(content: str, **more: bool) -> ImportedNetwork:
        return import_network(session, content.encode(), added=[COLUMNS], **more)

    return brought


def nodes(session: Session) -> list[tuple[str, str, str | None, str | None]]:
    statement = text("""
        select n.code, n.name, p.code, s.code from network_nodes n
        left join network_nodes p on p.id = n.parent_id
        left join node_meters m on m.node_id = n.id left join service_points s on s.id = m.service_point_id
        order by n.code
    """)
    return [tuple(row) for row in session.execute(statement)]  # type: ignore[misc]


def test_the_tree_comes_whole_and_once(session: Session, bring: Import) -> None:
    assert bring(TREE) == ImportedNetwork(4, 0, ())
    assert bring(TREE) == ImportedNetwork(0, 4, ())
    assert nodes(session) == [
        ("N", "North", None, None),
        ("N1", "North 1", "N", None),
        ("N11", "North 1 transformer 1", "N1", "TM11"),
        ("N2", "Transformer at the station", "N", None),
    ]


def test_the_order_of_the_rows_does_not_matter(session: Session, bring: Import) -> None:
    head, *rows = TREE.strip().splitlines()
    assert bring("\n".join([head, *reversed(rows)])).nodes == 4
    assert len(nodes(session)) == 4


def test_a_node_is_named_and_moved(session: Session, bring: Import) -> None:
    bring(TREE)
    moved = TREE.replace("transformer,N1,TM11", "transformer,N,TM12").replace("North 1,f", "North one,f")
    assert bring(moved) == ImportedNetwork(2, 2, ())
    assert nodes(session)[1:3] == [
        ("N1", "North one", "N", None),
        ("N11", "North 1 transformer 1", "N", "TM12"),
    ]


def test_a_dry_run_writes_nothing(session: Session, bring: Import) -> None:
    assert bring(TREE, dry_run=True).nodes == 4
    assert nodes(session) == []


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("N3,Odd,substation,N,", "kind", "substation"),
        ("N3,Odd,feeder,,", "parent", "needs its parent"),
        ("N3,Odd,feeder,N9,", "parent", "no node 'N9'"),
        ("N3,Odd,feeder,N11,", "parent", "'N11' is a transformer"),
        ("M,Odd,area,N,", "parent", "hangs on nothing"),
        ("N1,Odd,feeder,N,", "twice", "line 3"),
        (",Odd,feeder,N,", "missing", "code"),
        ("N3,Odd,feeder,N", "cells", "4 cells"),
        ("N3,Odd,feeder,N,TM11", "service_point", "another node"),
    ],
)
def test_one_bad_row_and_nothing_is_written(
    session: Session, bring: Import, row: str, code: str, words: str
) -> None:
    done = bring(TREE + row + "\n")
    assert [(problem.line, problem.code) for problem in done.problems] == [(6, code)]
    assert words in done.problems[0].message
    assert nodes(session) == []


def test_a_node_never_becomes_another_kind(bring: Import) -> None:
    bring(TREE)
    done = bring("code,kind,parent\nN1,transformer,N\n")
    assert [problem.code for problem in done.problems] == ["kind"]


def test_an_unknown_column_is_refused(bring: Import) -> None:
    with pytest.raises(Invalid, match="parent"):
        bring("code,kind,parrent\nN,area,\n")
