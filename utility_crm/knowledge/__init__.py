"""What we know, written down: articles in versions and languages, approved by a second person, and found."""
