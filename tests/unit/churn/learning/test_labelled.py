"""A table read: its target, its columns, and every way in which it can be wrong, with the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.learning.labelled import Asked, read_labelled
from tests.unit.churn.learning.conftest import supplier_table
from utility_crm.kit.errors import CareError

Write = Callable[[pd.DataFrame | str], Path]


def test_a_suppliers_table(written: Write) -> None:
    table = supplier_table(200)
    found = read_labelled(written(table), Asked("churn"))
    assert found.left.tolist() == (table["churn"] == 1).tolist()
    assert found.columns.categorical == ("channel", "colour")
    assert set(found.columns.numeric) == {
        "use",
        "margin",
        "began_on (days before)",
        "began_on (month)",
        "changed_on (days before)",
        "changed_on (month)",
        "began_on to changed_on (days)",
    }
    assert dict(found.left_out) == {"id": "it names rows", "country": "it holds one value only"}
    assert np.isnan(found.frame["margin"]).sum() == (table["margin"] == "").sum() > 0
    newest = pd.to_datetime(table["changed_on"]).max()
    expected = (newest - pd.to_datetime(table["began_on"])).dt.days
    assert found.frame["began_on (days before)"].tolist() == expected.tolist()
    assert found.groups is None and found.time is None


def test_days_are_counted_from_the_rows_own_time(written: Write) -> None:
    table = supplier_table(200)
    table["seen_on"] = np.where(np.arange(200) % 2, "2016-01-01", "2016-03-01")
    found = read_labelled(written(table), Asked("churn", time="seen_on"))
    expected = (pd.to_datetime(table["seen_on"]) - pd.to_datetime(table["began_on"])).dt.days
    assert found.frame["began_on (days before)"].tolist() == expected.tolist()
    assert found.time is not None and "seen_on" not in found.frame


def test_which_value_means_leaving(written: Write) -> None:
    table = supplier_table(300)
    words = table.assign(churn=table["churn"].map({1: "gone", 0: "here"}))
    assert read_labelled(written(words), Asked("churn")).target.positive == "gone"
    odd = table.assign(churn=table["churn"].map({1: "alpha", 0: "beta"}))
    guessed = read_labelled(written(odd), Asked("churn"))
    assert (guessed.target.positive, guessed.target.guessed) == ("alpha", "the rarer of the two")
    told = read_labelled(written(odd), Asked("churn", positive="beta"))
    assert told.left.tolist() == (~guessed.left).tolist() and told.target.guessed == ""
    floats = read_labelled(written(table.assign(churn=table["churn"] * 1.0)), Asked("churn", positive="1"))
    assert floats.left.sum() == table["churn"].sum()


def test_the_target_is_named_with_other_capitals(written: Write) -> None:
    table = supplier_table(200)
    table["churn"] = np.where(table["churn"] == 1, "True", "False")
    found = read_labelled(written(table), Asked("churn", positive="false"))
    assert found.target.positive == "False" and found.left.sum() == (table["churn"] == "False").sum()


def test_ids_that_come_again_stay_together(written: Write) -> None:
    table = supplier_table(200)
    table["id"] = table["id"].iloc[np.arange(200) // 2].to_numpy()
    found = read_labelled(written(table), Asked("churn", id="id"))
    assert found.groups is not None and len(set(found.groups)) == 100
    assert any("Ids come again (100 rows" in note for note in found.notes)
    hinted = read_labelled(written(table), Asked("churn"))
    assert any("--id" in note for note in hinted.notes) or "id" in hinted.columns.crowded


def test_copies_of_rows_stay_together(written: Write) -> None:
    table = supplier_table(200)
    found = read_labelled(written(pd.concat([table, table.head(7)])), Asked("churn"))
    assert found.groups is not None
    assert found.groups[200:].tolist() == found.groups[:7].tolist()
    assert any(note.startswith("7 rows repeat") for note in found.notes)


def test_copies_are_known_without_a_column_that_names_rows(written: Write) -> None:
    table = supplier_table(400).drop(columns="id")
    found = read_labelled(written(pd.concat([table, table.head(60)])), Asked("churn"))
    assert found.groups is not None
    assert found.groups[400:].tolist() == found.groups[:60].tolist()
    assert read_labelled(written(table), Asked("churn")).groups is None
    strangers = table.head(60).assign(churn=table["churn"].iloc[60:120].to_numpy())
    assert read_labelled(written(pd.concat([table, strangers])), Asked("churn")).groups is None


def test_customers_who_are_alike_are_no_copies(written: Write) -> None:
    table = supplier_table(200)[["channel", "colour", "churn"]]
    found = read_labelled(written(table), Asked("churn"))
    assert table.duplicated().any() and found.groups is None


def test_rows_without_a_target_are_left_out_and_told(written: Write) -> None:
    table = supplier_table(200).astype({"churn": object})
    table.loc[[3, 5], "churn"] = ""
    found = read_labelled(written(table), Asked("churn"))
    assert len(found.left) == len(found.frame) == 198
    assert "2 rows have no target and were left out." in found.notes


HEAD = "a,b,churn\n"
ROWS = "".join(f"{row % 7},{row % 5},{row % 4 // 3}\n" for row in range(120))


@pytest.mark.parametrize(
    ("text", "asked", "code", "where"),
    [
        ("", Asked("churn"), "empty", "table.csv"),
        (HEAD, Asked("churn"), "empty", "table.csv"),
        ("no table at all", Asked("churn"), "columns", "table.csv"),
        ("a\0b\0\0\1,\n\0", Asked("churn"), "encoding", "table.csv"),
        (HEAD + "1,2\n" + ROWS, Asked("churn"), "cells", "table.csv, line 2"),
        (HEAD + ROWS, Asked("left"), "no_such_column", "table.csv, line 1"),
        (HEAD + ROWS, Asked("churn", id="who"), "no_such_column", "table.csv, line 1"),
        (HEAD + ROWS, Asked("churn", time="churn"), "same_column", "table.csv"),
        ("a,churn,churn\n" + ROWS, Asked("churn"), "twice", "table.csv, line 1"),
        (HEAD + ROWS, Asked("a"), "target_values", "table.csv, column a"),
        (HEAD + "1,2,0\n" * 50, Asked("churn"), "target_values", "table.csv, column churn"),
        (HEAD + ROWS, Asked("churn", positive="yes"), "positive", "table.csv, column churn"),
        (HEAD + "1,2,0\n" * 50 + "2,3,1\n" * 19, Asked("churn"), "too_few", "table.csv, column churn"),
        (HEAD + "1,2,0\n" * 50 + "1,2,1\n" * 50, Asked("churn"), "no_columns", "table.csv"),
        (HEAD + ROWS + "?,1,1\n", Asked("churn", time="a"), "time", "table.csv, line 122, column a"),
        ("a,b,churn\n" + "x,1,0\ny,2,1\n" * 40, Asked("churn", time="a"), "time", "table.csv, column a"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    written: Write, text: str, asked: Asked, code: str, where: str
) -> None:
    with pytest.raises(CareError) as raised:
        read_labelled(written(text), asked)
    assert (raised.value.code, raised.value.where) == (code, where)
    assert "%(" not in raised.value.message


def test_a_semicolon_file_with_decimal_commas(written: Write) -> None:
    rows = "".join(f"{row % 9},5;{'ja' if row % 2 else 'nein'};{row % 4 // 3}\n" for row in range(120))
    found = read_labelled(written("use;solar;churn\n" + rows), Asked("churn"))
    assert found.frame["use"].tolist()[:3] == [0.5, 1.5, 2.5]
    assert found.columns.categorical == ("solar",)
