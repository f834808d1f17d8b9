"""The rules: one function per requirement of an RFC, one module per topic, and their engine."""
