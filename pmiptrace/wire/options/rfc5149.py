"""The option of RFC 5149 (Service Selection for Mobile IPv6)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(
    20, "Service Selection", "RFC 5149 section 3", length=at_least(1), messages=("BU", "PBU", "PBA")
)
class ServiceSelection(Option, frozen=True, kw_only=True):
    """The service, such as a 3GPP Access Point Name, that the session is for; UTF-8.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        |  Type = 20    |   Length      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Identifier...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    identifier: Annotated[bytes, Rest("Identifier", "text")] = b""
