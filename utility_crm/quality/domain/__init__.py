"""How alike two customers are."""
