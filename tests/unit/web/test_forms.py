"""A posted form by itself: every wrong field at once, and what is asked back."""

from __future__ import annotations

from datetime import date

import pytest

from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.web.forms import SURE, AskedBack, FieldsWrong, Form, Posted, beside


def posted(**values: str) -> Posted:
    return Posted({name: (value,) for name, value in values.items()})


def test_fields_are_read_and_given() -> None:
    sent = posted(on=" 2026-11-20 ", count="3", note=" x ", how="card")
    assert sent.day("on").value == date(2026, 11, 20)
    assert sent.whole("count", 2, 36).value == 3
    assert sent.must("note").value == "x"
    assert sent.one_of("how", ("card", "cash")).value == "card"
    assert sent.text("absent", "otherwise") == "otherwise"


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_reading() -> None:
    sent = posted(on="soon", count="99", note="  ", how="card")
    how, count, note = sent.one_of("how", ("cash",)), sent.whole("count", 2, 36), sent.must("note")
    sent.day("on")
    for given in (how, count, note):
        with pytest.raises(FieldsWrong) as wrong:
            _ = given.value
        assert list(wrong.value.errors) == ["how", "count", "note", "on"]
    assert wrong.value.where == "how"
    assert wrong.value.errors["count"].message == "“99” is no number from 2 to 36."
    assert wrong.value.errors["on"].message == "“soon” is no day such as 2026-11-20."


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "٣", "1e3", "12345678901"])
def test_what_is_no_number_is_none(typed: str) -> None:
    sent = posted(count=typed)
    sent.whole("count")
    with pytest.raises(FieldsWrong):
        sent.check()


def test_a_doubt_is_asked_about_until_exactly_it_is_answered() -> None:
    doubts = ("£500.00 is more than the £84.20 owed.", "")
    with pytest.raises(AskedBack) as asked:
        posted(amount="500").sure(*doubts, do="Keep it")
    question = asked.value.question
    assert question.doubts == doubts[:1] and question.do == "Keep it"
    answered = posted(amount="500", **{SURE: question.token})
    answered.sure(*doubts, do="Keep it")
    with pytest.raises(AskedBack):  # the figures are others: it is another question
        answered.sure("£500.00 is more than the £12.40 owed.", do="Keep it")
    posted().sure("", do="Keep it")  # no doubt, no question


def test_wrong_fields_come_before_questions() -> None:
    sent = posted(amount="")
    sent.must("amount")
    with pytest.raises(FieldsWrong):
        sent.sure("Sure?", do="Yes")


def test_a_form_that_comes_back_keeps_what_was_typed() -> None:
    form = Form("pay", {"amount": ("abc",), "all": ("yes",)}, {"amount": "no amount", "account": "unknown"})
    assert form.at("pay") is form and form.first == "amount"
    assert form.value("amount", "7") == "abc" and form.value("method", "card") == "card"
    assert form.ticked("all") and not form.ticked("none", otherwise=True)
    assert form.beside("amount") == "no amount"
    assert form.left == ["unknown"]  # a field that is not drawn: its error is not lost
    other = form.at("promise")
    assert not other.touched and other.name == "promise" and other.value("amount", "7") == "7"
    assert other.ticked("all", otherwise=True)


def test_an_error_is_placed_beside_the_field_that_caused_it() -> None:
    with pytest.raises(Conflict) as error, beside("reference"):
        raise Conflict("reference", "Known: %(reference)s.", "p-1", reference="p-1")
    assert (error.value.where, error.value.message) == ("reference", "Known: p-1.")
    assert Invalid("x", "50 % of it").message == "50 % of it"
