"""Letters on paper: gathered into a batch on working days, printed from one file, handed over by a person."""
