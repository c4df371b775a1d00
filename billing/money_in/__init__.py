"""Money in: banks' files read, matched and booked; direct debit; the API of payments (docs/payments.md)."""
