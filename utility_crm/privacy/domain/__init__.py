"""What may be forgotten when, and how long the law wants it kept. Pure."""
