"""`utility-crm meters ...`: a file a group of commands; one that is imported here is there."""

from meters.commands import exporting, profiles, reads, rules, sql, taking, usage, watching
from meters.commands.app import app

__all__ = ["app", "exporting", "profiles", "reads", "rules", "sql", "taking", "usage", "watching"]
