"""What is read of tickets: frozen values, a constant number of statements."""
