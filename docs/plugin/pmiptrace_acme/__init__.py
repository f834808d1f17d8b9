"""What ACME's MAGs say besides the RFCs, for pmiptrace."""
