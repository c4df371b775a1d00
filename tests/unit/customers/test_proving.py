"""What a caller is asked, and whether the answers are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.customers.proving import ASKED, are_proved, is_right, questions
from utility_crm.kit.parts import Proof

POSTCODE = Proof("postcode", "postcode", ("KB4 2TN",))
BILL = Proof("last_bill", "amount of the last bill", ("103152",), "money")
PHONE = Proof("phone", "telephone", ("+44 7700 900418",), "phone")
NOTHING = Proof("email", "e-mail", ())


@pytest.mark.parametrize(
    ("proof", "said", "right"),
    [
        (POSTCODE, "kb42tn", True), (POSTCODE, "KB4-2TN", True), (POSTCODE, "KB4 2TM", False),
        (POSTCODE, "", False), (POSTCODE, "  ", False), (POSTCODE, "KB4", False),
        (BILL, "1031.52", True), (BILL, "£1,031.52", True), (BILL, "1 031,52", True), (BILL, "1031", False),
        (BILL, "103152", False), (BILL, "about a thousand", False),
        (PHONE, "07700 900418", True), (PHONE, "+447700900418", True), (PHONE, "900418", False),
        (PHONE, "07700 900419", False),
    ],
)  # fmt: skip
def test_an_answer_is_compared_as_people_say_it(proof: Proof, said: str, right: bool) -> None:
    assert is_right(proof, said) == right


@given(minor=st.integers(0, 10**9))
def test_every_amount_is_right_as_it_is_written(minor: int) -> None:
    proof = Proof("last_bill", "", (str(minor),), "money")
    written = f"{minor // 100}.{minor % 100:02d}"
    assert is_right(proof, written) and is_right(proof, written.replace(".", ","))
    assert not is_right(proof, f"{minor // 100 + 1}.{minor % 100:02d}")


def test_two_right_answers_are_enough_and_one_wrong_is_too_many() -> None:
    asked = (POSTCODE, BILL, PHONE)
    right = {"postcode": "KB4 2TN", "last_bill": "1031.52"}
    assert are_proved(asked, right)
    assert not are_proved(asked, {"postcode": "KB4 2TN"})
    assert not are_proved(asked, right | {"phone": "07700 111222"})
    assert not are_proved(asked, {}) and not are_proved((), right)


@given(seed=st.text(max_size=20))
def test_only_what_is_known_is_asked_and_the_same_for_one_seed(seed: str) -> None:
    many = [Proof(f"k{place}", "", ("x",)) for place in range(6)] + [NOTHING]
    asked = questions(many, seed)
    assert asked == questions(many, seed) and len(asked) == ASKED and NOTHING not in asked
    assert questions([NOTHING, POSTCODE], seed) == (POSTCODE,)
