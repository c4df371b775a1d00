"""Billing's part of the customer page: its questions, the balance, and what bills and payments there were."""
