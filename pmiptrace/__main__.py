"""``python -m pmiptrace``."""

from pmiptrace.cli import main

main()
