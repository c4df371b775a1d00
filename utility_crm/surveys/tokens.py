"""The links in survey letters: which survey, and the score that was clicked; signed: none is guessed."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from utility_crm.surveys.domain.scores import SCORES

_SALT = "surveys.answer"
PATH = "/survey/"


def token(secret: str | list[str], survey_id: int, score: int | None) -> str:
    """What a link carries; score None: none was chosen yet."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([survey_id, score]))


def survey_in(secret: str | list[str], given: str) -> tuple[int, int | None] | None:
    """Which survey a link is of, and its score; None where it is not ours."""
    try:
        survey, score = URLSafeSerializer(secret, salt=_SALT).loads(given)
        return int(survey), None if score is None else int(score)
    except (BadData, ValueError, TypeError):
        return None


def paths(secret: str | list[str], survey_id: int, question: str) -> dict[int | None, str]:
    """The address of each score, and (None) the one without a score."""
    return {
        score: f"{PATH}{token(secret, survey_id, score)}" for score in (None, *SCORES[question])
    }  # fmt: skip
