"""Campaigns: who is offered what, drawn by lot against a group that is left alone, and what it brought."""
