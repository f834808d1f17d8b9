"""What is captured now: from the wire, or through a pipe, to events and what is left of a day."""
