"""The mobility options, one module per RFC; importing this package declares them all."""

from pmiptrace.wire.options import rfc4283, rfc5213, rfc6275, rfc8278

__all__ = ["rfc4283", "rfc5213", "rfc6275", "rfc8278"]
