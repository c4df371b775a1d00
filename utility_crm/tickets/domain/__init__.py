"""What a ticket is, without store or web: its life, its number, its files, its filters."""
