"""Octets of the Mobility Header to messages and back; no state, no input or output."""
