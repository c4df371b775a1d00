"""Signing, patience and addresses: pure."""
