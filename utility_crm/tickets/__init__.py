"""Tickets: what somebody wants of us, what was written about it, and who sees to it. See docs/tickets.md."""
