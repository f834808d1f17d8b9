"""The messages of the Mobility Header, one module per family of RFCs."""

from pmiptrace.wire.messages.rfc6275 import BindingAcknowledgement, BindingUpdate

__all__ = ["BindingAcknowledgement", "BindingUpdate"]
