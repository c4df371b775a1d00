"""What registers counted: reads put in order, consumption between them, and its part of any span. Pure."""
