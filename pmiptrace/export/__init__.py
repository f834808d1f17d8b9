"""Captures written anew for others: annotated, reduced to the signalling, or anonymised."""
