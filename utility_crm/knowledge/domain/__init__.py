"""Articles as text: rendered safely, compared, put into words. Pure."""
