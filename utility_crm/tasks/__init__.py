"""What somebody has to do by a day: promises to customers, calls back, checks; and the calendar."""
