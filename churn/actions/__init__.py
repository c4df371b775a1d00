"""What is done about leaving: one function a use case; none commits. Import them from here.

Loads frames and scikit-learn: for jobs, commands and the demo's build, never for the web process.
"""

from churn.actions.everything import Done, fit_and_score
from churn.actions.explaining import Explained, Term, explain
from churn.actions.scoring import Scored, score
from churn.actions.training import Trained, train

__all__ = [
    "Done",
    "Explained",
    "Scored",
    "Term",
    "Trained",
    "explain",
    "fit_and_score",
    "score",
    "train",
]
