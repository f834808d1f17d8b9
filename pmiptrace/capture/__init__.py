"""Capture files and streams to frames."""

from pmiptrace.capture.files import expand
from pmiptrace.capture.reader import CaptureReader
from pmiptrace.capture.writer import write_pcap, write_pcapng

__all__ = ["CaptureReader", "expand", "write_pcap", "write_pcapng"]
