"""What customers are worth, what is at stake, and what to do next."""
