"""The message of RFC 5096 (Mobile IPv6 Experimental Messages)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.layout import Rest


@mobility_message(11, "Experimental", "EXP", "RFC 5096 section 3", has_options=False)
class Experimental(Body, frozen=True, kw_only=True):
    """A message for experiments; what it carries is for those who take part to know.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           Checksum            |                               |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
        .                       Message Data                            .
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    data: Annotated[bytes, Rest("Message Data")] = b""
