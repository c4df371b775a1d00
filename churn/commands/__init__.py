"""`utility-crm churn ...`"""

from churn.commands import evaluating, learning, listing
from churn.commands.app import app

__all__ = ["app", "evaluating", "learning", "listing"]
