"""What a capture holds under pseudonyms, before any of it is decoded: for `analyze --redact`.

An analysis that is given pseudonyms cannot tell a name, in whatever format or plugin. Headers and
fragments are read before, as they stand, so that what was cut or is missing is told of the capture
as it is. Everything behind that, from the decoding of messages on, sees the values that are made
here; they are those of an anonymised capture with the same key.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pmiptrace.address import address_octets, address_text
from pmiptrace.export.masking import Masker, masked_identifier
from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.model import CaptureInfo, Datagram, Frame, Identifier, Undecoded
from pmiptrace.packet.numbers import LINK_ETHERNET
from pmiptrace.wire.dialect import DialectDecoder


class Redaction:
    """Puts pseudonyms in place of what one run over captures finds in them.

    `dialect` is that of the `pmiptrace.analysis.Analysis` that it is for. Raises `UsageError` for
    a dialect that does not exist.
    """

    def __init__(self, key: bytes, *, dialect: str = "auto") -> None:
        self._pseudonyms = Pseudonyms(key)
        self._names = Pseudonyms(key, undo=True)
        self._masker = Masker(self._pseudonyms, DialectDecoder(dialect))
        self._captures: dict[str, int] = {}

    def found(self, found: Datagram | Undecoded) -> Datagram | Undecoded:
        """Give what was found in a frame, with pseudonyms.

        All that the result holds is named here, so that what a datagram comes to hold later is
        left out until somebody says what becomes of it.
        """
        address, frame = self._pseudonyms.address, self._frame(found.frame)
        source, destination = address(found.source), address(found.destination)
        if isinstance(found, Undecoded):
            return Undecoded(frame, found.kind, source, destination, found.defect, found.fragments)
        size, checksum = len(found.payload), found.udp_checksum
        if found.offset is None:
            payload, checksum = self._masker.reassembled(found)
        else:
            payload = frame.data[found.offset : found.offset + size]
            if checksum is not None:
                checksum = int.from_bytes(frame.data[found.offset - 2 : found.offset])
        home, routing_home = found.home_address, found.routing_home_address
        return Datagram(
            frame=frame,
            source=source,
            destination=destination,
            payload=payload,
            offset=found.offset,
            truncated=found.truncated,
            hop_limit=found.hop_limit,
            link_address=self._link_address(found),
            ports=found.ports,
            udp_checksum_correct=found.udp_checksum_correct,
            udp_checksum=checksum,
            home_address=None if home is None else address(home),
            routing_home_address=None if routing_home is None else address(routing_home),
            encapsulation=tuple(map(self._header, found.encapsulation)),
            gre_key=None if found.gre_key is None else self._masker.gre_key(found.gre_key),
            protected=found.protected,
            fragments=found.fragments,
        )

    def capture(self, info: CaptureInfo) -> CaptureInfo:
        """Give what is known of a capture with a number in place of its path.

        Names of files and directories are whatever somebody called them: after a customer, or
        after the subscriber that a capture was made for.
        """
        number = self._captures.setdefault(info.path, len(self._captures) + 1)
        ending = "" if info.format is None else f".{info.format}"
        return replace(info, path=f"redacted-{number}{ending}")

    def real(self, name: Identifier | bytes) -> Identifier | bytes:
        """Give the name that has a pseudonym; of an address its octets."""
        if isinstance(name, bytes):
            return self._names.address(name)
        octets = masked_identifier(self._names, name.subtype, name.octets)
        return Identifier(name.subtype, octets)

    @property
    def captures(self) -> Sequence[str]:
        """The paths of the captures so far, in the order of their numbers from 1 on."""
        return tuple(self._captures)

    def _frame(self, frame: Frame) -> Frame:
        data = self._masker.frame(frame)
        if data is None:  # nothing of it is understood
            data = self._pseudonyms.octets(frame.data)
        return replace(frame, data=data)

    def _link_address(self, found: Datagram) -> bytes:
        octets, mask = found.link_address, self._pseudonyms.link_layer
        if found.frame.link_type == LINK_ETHERNET:
            return mask(octets[:6]) + mask(octets[6:])
        return mask(octets)

    def _header(self, text: str) -> str:
        """Give the text of a header around a packet with pseudonyms; tags stay."""
        if text.startswith("GRE key "):
            return f"GRE key {self._masker.gre_key(int(text[8:], 16)):#x}"
        ends = text.partition(" ")[2].split(" > ")
        if len(ends) != 2:
            return text
        masked = (address_text(self._pseudonyms.address(address_octets(end))) for end in ends)
        return f"{text.partition(' ')[0]} {' > '.join(masked)}"
