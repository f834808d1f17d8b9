"""The Binding Revocation messages of RFC 5846; one MH Type, told apart by their first octet."""

from __future__ import annotations

from typing import Annotated

from pmiptrace.model import Body
from pmiptrace.wire.body import mobility_message
from pmiptrace.wire.codes import (
    BINDING_REVOCATION_TYPE,
    REVOCATION_STATUS,
    REVOCATION_TRIGGER,
)
from pmiptrace.wire.layout import Bits, Flag, Reserved, Rest


@mobility_message(16, "Binding Revocation Indication", "BRI", "RFC 5846 section 5.1", variant=b"\1")
class BindingRevocationIndication(Body, frozen=True, kw_only=True):
    """The LMA ends bindings, or the MAG asks it to.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        | B.R. Type = 1 |  R. Trigger   |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |          Sequence #           |P|V|G|       Reserved          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    revocation_type: Annotated[int, Bits(8, "B.R. Type", BINDING_REVOCATION_TYPE)] = 1
    trigger: Annotated[int, Bits(8, "R. Trigger", REVOCATION_TRIGGER)]
    sequence: Annotated[int, Bits(16, "Sequence #")]
    proxy: Annotated[bool, Flag("P", "Proxy Binding")] = False
    ipv4_only: Annotated[bool, Flag("V", "IPv4 HoA Binding Only")] = False
    global_revocation: Annotated[bool, Flag("G", "Global")] = False
    reserved: Annotated[int, Reserved(13)] = 0


@mobility_message(
    16, "Binding Revocation Acknowledgement", "BRA", "RFC 5846 section 5.2", variant=b"\2"
)
class BindingRevocationAcknowledgement(Body, frozen=True, kw_only=True):
    """The answer to a Binding Revocation Indication.

    .. code-block:: text

                                        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                        | B.R. Type = 2 |    Status     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |            Sequence #         |P|V|G|       Reserved          |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    revocation_type: Annotated[int, Bits(8, "B.R. Type", BINDING_REVOCATION_TYPE)] = 2
    status: Annotated[int, Bits(8, "Status", REVOCATION_STATUS)]
    sequence: Annotated[int, Bits(16, "Sequence #")]
    proxy: Annotated[bool, Flag("P", "Proxy Binding")] = False
    ipv4_only: Annotated[bool, Flag("V", "IPv4 HoA Binding Only")] = False
    global_revocation: Annotated[bool, Flag("G", "Global")] = False
    reserved: Annotated[int, Reserved(13)] = 0

    @property
    def accepted(self) -> bool:
        """Whether the status is one of success: less than 128 (RFC 5846 section 5.2)."""
        return self.status < 128


@mobility_message(16, "Binding Revocation Message", "BRM", "RFC 5846 section 5", has_options=False)
class BindingRevocationMessage(Body, frozen=True, kw_only=True):
    """A Binding Revocation message of a type that RFC 5846 does not define."""

    revocation_type: Annotated[int, Bits(8, "B.R. Type", BINDING_REVOCATION_TYPE)]
    data: Annotated[bytes, Rest("Binding Revocation Message Data")] = b""
