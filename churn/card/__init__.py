"""The card of the model in use: how good it is, what each fact adds, whom it serves, what changed."""
