"""What a customer is worth, and what to do next: pure calculation."""
