"""The jobs of the clock: what ran, what failed, what is next; and what people decide about them."""
