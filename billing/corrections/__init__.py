"""Issued bills put right: found set by set, shown before and after, approved, then taken back and made anew.

An issued bill never changes. What replaces it is a credit note, which is its exact negation, and a new bill.
"""
