"""Surveys: after a ticket is solved its customer is asked once how it was, and the answer comes back."""
