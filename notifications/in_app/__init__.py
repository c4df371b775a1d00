"""What the supplier's own app shows its customers: their notices, and which of them they read."""
