"""What a person should be asked about before it is booked: amounts that look like a slip of the hand."""

from __future__ import annotations

TIMES = 2
"""A payment of more than so many times what is owed, and more than so many usual bills, is asked about."""


def far_beyond(amount_minor: int, owed_minor: int, usual_minor: int) -> int:
    """How much of a payment nothing is owed for, where it is far more than a person would pay; else 0.

    usual_minor: the largest of their last bills. Paying a bill or two ahead is no slip.

    >>> far_beyond(84_200, 8_420, 9_000)
    75780
    >>> far_beyond(10_000, 8_420, 9_000)
    0
    """
    owed = max(owed_minor, 0)
    return amount_minor - owed if amount_minor > TIMES * max(owed, usual_minor) else 0
