"""Run as ``python -m pmiptrace``."""

from pmiptrace.cli import main

if __name__ == "__main__":
    main()
