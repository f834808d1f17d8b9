"""The rules: what the RFCs ask for, one function each."""
