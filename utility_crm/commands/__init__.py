"""The ground's own commands."""
