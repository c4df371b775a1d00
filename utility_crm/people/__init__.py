"""The people of the house: their own page, who they are, and the steps of signing in beyond the password."""
