"""The sub-types that ACME puts into the Vendor Specific option (RFC 5094)."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Option
from pmiptrace.wire.layout import Bits, Flag, Reserved
from pmiptrace.wire.option import exactly
from pmiptrace.wire.options.rfc5094 import VendorRegistry

ACME = VendorRegistry(32473, "ACME")
"""The enterprise number that RFC 5612 sets aside for examples."""

SOURCE = {0: "not said", 1: "measured", 2: "configured"}


@ACME.declare(1, "ACME Path Load", "ACME MAG interface section 2.1", length=exactly(2))
class AcmePathLoad(Option, frozen=True, kw_only=True):
    """How busy the path is over which a PBU comes.

    .. code-block:: text

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Sub-Type = 1  |     Load      |Src|R|  Reserved |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    The load is in percent.
    """

    load: Annotated[int, Bits(8, "Load")]
    source: Annotated[int, Bits(2, "Src", SOURCE)] = 0
    rising: Annotated[bool, Flag("R", "The load is rising")] = False
    reserved: Annotated[int, Reserved(5)] = 0
