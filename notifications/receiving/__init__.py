"""What comes back from the world: events of the gateway, and mail about mail."""
