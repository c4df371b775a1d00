"""What the board reckons, without a store."""
