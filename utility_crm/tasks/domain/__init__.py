"""When things are due, come again and are reminded of: pure."""
