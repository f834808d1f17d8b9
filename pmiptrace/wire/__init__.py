"""Octets of the Mobility Header to messages and back; no state, no input or output.

Importing it declares all messages and options.
"""

import pmiptrace.wire.messages
import pmiptrace.wire.options  # noqa: F401
