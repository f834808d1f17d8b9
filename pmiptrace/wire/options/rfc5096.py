"""The option of RFC 5096 (Mobile IPv6 Experimental Messages)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Rest
from pmiptrace.wire.option import at_least, mobility_option


@mobility_option(18, "Experimental", "RFC 5096 section 4", length=at_least(0))
class ExperimentalOption(Option, frozen=True, kw_only=True):
    """An option for experiments; it may stand in any message.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |     Type      |   Length      |        Data .....
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    data: Annotated[bytes, Rest("Data")] = b""
