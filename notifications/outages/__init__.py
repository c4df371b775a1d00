"""Where the supply is off or will be, whom it reaches, and what they are told."""
