"""What a customer lets us send, by purpose and channel, with the proof of it."""
