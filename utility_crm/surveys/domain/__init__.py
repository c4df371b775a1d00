"""Who is asked what, and what answers add up to. Pure."""
