"""Capture files and streams to frames."""
