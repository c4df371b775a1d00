"""A customer's data taken out, and taken away; how long what is kept."""
