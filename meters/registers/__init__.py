"""Registers of service points: reads and told consumption stored, corrected, and turned into consumption."""
