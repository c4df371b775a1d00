"""Pure calculation, a room a subject: tariffs, plans, rating, charges, explanation, gate, accounts."""
