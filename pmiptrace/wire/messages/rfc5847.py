"""The message of RFC 5847 (Heartbeat Mechanism for Proxy Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.layout import Bits, Flag, Reserved


@mobility_message(13, "Heartbeat", "HB", "RFC 5847 section 3.3")
class Heartbeat(Body, frozen=True, kw_only=True):
    """One peer asks whether the other is there, or answers.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |            Reserved       |U|R|
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                       Sequence Number                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    reserved: Annotated[int, Reserved(14)] = 0
    unsolicited: Annotated[bool, Flag("U", "Unsolicited Heartbeat Response")] = False
    response: Annotated[bool, Flag("R", "Response")] = False
    sequence: Annotated[int, Bits(32, "Sequence Number")] = 0
