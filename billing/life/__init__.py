"""The life of a supply: moving in and out, deemed contracts, deposits, budget billing, its end."""
