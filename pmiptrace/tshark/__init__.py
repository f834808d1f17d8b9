"""Wireshark's command line, tshark, as a second opinion on what a capture says."""
