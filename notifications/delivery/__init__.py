"""Carrying out: the workers that take notices off the outbox and hand them to channels."""
