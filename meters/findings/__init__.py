"""What is doubted of readings: found as they come in and by the clock, judged by people."""
