"""`utility-crm churn ...`"""

from churn.commands import evaluating, explaining, learning, listing
from churn.commands.app import app

__all__ = ["app", "evaluating", "explaining", "learning", "listing"]
