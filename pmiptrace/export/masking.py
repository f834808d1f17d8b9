"""A frame with pseudonyms in place of all that names somebody.

Nothing passes that is not understood. A frame is a sheet of octets of which each is kept, because
it is known to be a length, a flag, a counter or a time; or has a pseudonym put in its place; and
what is neither once all headers were read is overwritten with pseudonyms of octets: unknown
options, vendor data, authenticators, what stands behind the end of a packet.

Lengths stay. Checksums are computed anew, and one that was wrong is wrong afterwards too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.export.pseudonyms import Pseudonyms
from pmiptrace.model import Datagram, Frame, Message
from pmiptrace.packet.checksum import (
    internet_checksum,
    mobility_header_checksum,
    pseudo_header,
)
from pmiptrace.packet.decoder import MAX_DEPTH
from pmiptrace.packet.link import carried, unwrap
from pmiptrace.packet.numbers import (
    AH,
    DESTINATION_OPTIONS,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_TRANSPARENT_ETHERNET,
    FRAGMENT,
    GRE,
    HOME_ADDRESS,
    HOP_BY_HOP,
    IPV4,
    IPV6,
    JUMBO_PAYLOAD,
    LINK_COOKED,
    LINK_COOKED_V2,
    LINK_ETHERNET,
    MOBILITY_HEADER,
    ROUTING,
    UDP,
)
from pmiptrace.wire.body import MessageType, message_type
from pmiptrace.wire.decode import FIXED
from pmiptrace.wire.dialect import DialectDecoder, OptionRule
from pmiptrace.wire.layout import Bits, Layout, Maybe, Octets, Placed, Rest, SubOptions
from pmiptrace.wire.option import MOBILITY_OPTIONS, PAD1, OptionRegistry
from pmiptrace.wire.options.rfc5213 import MnLinkLayerIdentifier

_NAMING = frozenset({"mobility_spi", "spi", "group_identifier", "latitude", "longitude"})
"""Fields that are integers, and name a security association, a group or a place."""
_KEPT_OPTIONS = frozenset({4, 5, JUMBO_PAYLOAD})
"""IPv6 options that name nobody: Tunnel Encapsulation Limit, Router Alert, Jumbo Payload."""
_UDP_HEADER = 8
_NAI, _IPV6_ADDRESS, _IMSI, _EUI48 = 1, 2, 3, 5
"""Subtypes of identifiers (RFC 4283, RFC 8371)."""


class _Fragment(Struct, frozen=True):
    """The part of a packet that one frame holds."""

    position: int
    more: bool
    start: int
    end: int
    """Where it stands in the frame."""
    number: int
    """What the fragmented packet begins with."""
    scope: _Scope


class _Scope(Struct, frozen=True):
    """Addresses around a header, as they were and as they are now."""

    source: bytes = b""
    destination: bytes = b""
    home: bytes | None = None
    routing_home: bytes | None = None
    depth: int = 0


class _Sheet:
    """The octets of a frame, or of a packet put together, on their way to pseudonyms."""

    def __init__(self, data: bytes, promise: int) -> None:
        self.data = data
        self.promise = max(promise, len(data))
        """Octets that there were before the capture cut them."""
        self.out = bytearray(data)
        self._done = bytearray(len(data))

    def keep(self, start: int, end: int) -> None:
        """Let octets be as they are."""
        end = min(end, len(self.data))
        if start < end:
            self._done[start:end] = b"\1" * (end - start)

    def put(self, start: int, octets: bytes) -> None:
        """Put other octets in a place."""
        self.out[start : start + len(octets)] = octets
        self.keep(start, start + len(octets))

    def fill(self, pseudonyms: Pseudonyms, start: int, end: int) -> None:
        """Overwrite what was neither kept nor put, run by run."""
        end = min(end, len(self.data))
        while (start := self._done.find(0, start, end)) >= 0:
            stop = self._done.find(1, start, end)
            stop = end if stop < 0 else stop
            self.put(start, pseudonyms.octets(self.data[start:stop]))

    def number(self, start: int, size: int = 2) -> int:
        """Read an integer as it was."""
        return int.from_bytes(self.data[start : start + size])


class Masker:
    """Masks the frames of one capture, in their order."""

    def __init__(self, pseudonyms: Pseudonyms, dialects: DialectDecoder) -> None:
        self._pseudonyms = pseudonyms
        self._contents = _Contents(pseudonyms)
        self._dialects = dialects

    def frame(self, frame: Frame) -> bytes | None:
        """Give a frame masked, as many octets; None if even its link layer is not understood."""
        found = self._begin(frame)
        if found is None:
            return None
        sheet, fragment = found
        if fragment is not None and fragment.position == 0:
            self._upper(sheet, fragment.number, fragment.start, fragment.end, fragment.scope, frame)
        sheet.fill(self._pseudonyms, 0, len(sheet.data))
        return bytes(sheet.out)

    def fragments(self, frames: Sequence[Frame]) -> list[bytes] | None:
        """Give the frames of one fragmented packet masked; None if they are not one packet."""
        parts: list[tuple[_Sheet, _Fragment]] = []
        for frame in frames:
            found = self._begin(frame)
            if found is None or found[1] is None:
                return None
            parts.append((found[0], found[1]))
        ordered = sorted(parts, key=lambda part: part[1].position)
        data = b""
        for sheet, fragment in ordered:
            if fragment.position != len(data):
                return None
            data += sheet.data[fragment.start : fragment.end]
        if ordered[-1][1].more:
            return None
        first = ordered[0][1]
        whole = _Sheet(data, len(data))
        if self._upper(whole, first.number, 0, len(data), first.scope, frames[-1]) is not None:
            return None  # a fragment again
        whole.fill(self._pseudonyms, 0, len(data))
        for sheet, fragment in ordered:
            end = fragment.position + fragment.end - fragment.start
            sheet.put(fragment.start, bytes(whole.out[fragment.position : end]))
            sheet.fill(self._pseudonyms, 0, len(sheet.data))
        return [bytes(sheet.out) for sheet, _ in parts]

    def reassembled(self, datagram: Datagram) -> tuple[bytes, int | None]:
        """Give the payload of a datagram that was in fragments, masked, and its UDP checksum."""
        scope = _Scope(
            datagram.source,
            datagram.destination,
            datagram.home_address,
            datagram.routing_home_address,
        )
        payload, ports = datagram.payload, datagram.ports
        if ports is None or datagram.udp_checksum is None:
            sheet = _Sheet(payload, len(payload))
            self._mobility(sheet, 0, len(payload), scope, datagram.frame, over_udp=False)
            return bytes(sheet.out), None
        numbers = (*ports, _UDP_HEADER + len(payload), datagram.udp_checksum)
        header = b"".join(number.to_bytes(2) for number in numbers)
        sheet = _Sheet(header + payload, len(header + payload))
        self._udp(sheet, 0, sheet.promise, scope, datagram.frame)
        return bytes(sheet.out[_UDP_HEADER:]), int.from_bytes(sheet.out[6:8])

    def gre_key(self, key: int) -> int:
        """Give the pseudonym of a GRE key, in a header or an option."""
        return self._contents.number("key", key, 32)

    # --------------------------------------------------------------------- headers, outside in

    def _begin(self, frame: Frame) -> tuple[_Sheet, _Fragment | None] | None:
        """Mask the headers of a frame, to the end or to a fragment of what they lead to."""
        packet = carried(frame.link_type, frame.data)
        if packet is None:
            return None
        sheet = _Sheet(frame.data, frame.original_length)
        sheet.keep(0, packet.offset)
        self._link(sheet, frame.link_type)
        fragment = self._packet(
            sheet, packet.ethertype, packet.offset, sheet.promise, _Scope(), frame
        )
        return sheet, fragment

    def _link(self, sheet: _Sheet, link_type: int) -> None:
        data, mask = sheet.data, self._pseudonyms.link_layer
        if link_type == LINK_ETHERNET:
            sheet.put(0, mask(data[0:6]) + mask(data[6:12]))
        elif link_type in (LINK_COOKED, LINK_COOKED_V2):
            start, length = (6, sheet.number(4)) if link_type == LINK_COOKED else (12, data[11])
            address = data[start : start + min(length, 8)]
            behind = data[start + len(address) : start + 8]
            sheet.put(start, mask(address) + self._pseudonyms.octets(behind))

    def _packet(
        self, sheet: _Sheet, ethertype: int, at: int, promise: int, scope: _Scope, frame: Frame
    ) -> _Fragment | None:
        if scope.depth > MAX_DEPTH:
            return None
        if ethertype == ETHERTYPE_IPV6:
            return self._ipv6(sheet, at, promise, scope, frame)
        if ethertype == ETHERTYPE_IPV4:
            return self._ipv4(sheet, at, promise, scope, frame)
        return None

    def _ipv6(
        self, sheet: _Sheet, at: int, promise: int, scope: _Scope, frame: Frame
    ) -> _Fragment | None:
        data, body = sheet.data, at + 40
        sheet.keep(at, at + 8)
        if body > len(data) or data[at] >> 4 != 6:
            return None
        label = sheet.number(at, 4)
        label = label >> 20 << 20 | self._pseudonyms.number(label & 0xFFFFF, 20, "flow label")
        sheet.put(at, label.to_bytes(4))
        source, destination = data[at + 8 : at + 24], data[at + 24 : body]
        sheet.put(at + 8, self._pseudonyms.address(source))
        sheet.put(at + 24, self._pseudonyms.address(destination))
        scope = _Scope(source, destination, depth=scope.depth)
        length, following = sheet.number(at + 4), data[at + 6]
        end = promise if not length and following == HOP_BY_HOP else min(promise, body + length)
        return self._upper(sheet, following, body, end, scope, frame)

    def _ipv4(
        self, sheet: _Sheet, at: int, promise: int, scope: _Scope, frame: Frame
    ) -> _Fragment | None:
        data = sheet.data
        sheet.keep(at, at + 4)
        sheet.keep(at + 6, at + 10)
        size = (data[at] & 0xF) * 4 if at < len(data) else 0
        if at + max(size, 20) > len(data) or data[at] >> 4 != 4 or size < 20:
            return None
        source, destination = data[at + 12 : at + 16], data[at + 16 : at + 20]
        sheet.put(at + 12, self._pseudonyms.address(source))
        sheet.put(at + 16, self._pseudonyms.address(destination))
        was_right = internet_checksum(data[at : at + size]) == 0
        sheet.put(at + 10, b"\0\0")
        sheet.fill(self._pseudonyms, at, at + size)
        checksum = internet_checksum(bytes(sheet.out[at : at + size]))
        self._checksum(sheet, at + 10, checksum, was_right)
        scope = _Scope(source, destination, depth=scope.depth)
        end = min(promise, at + (sheet.number(at + 2) or promise - at))
        where = sheet.number(at + 6)
        if where & 0x3FFF:
            position, more = (where & 0x1FFF) * 8, bool(where & 0x2000)
            return _Fragment(position, more, at + size, min(end, len(data)), data[at + 9], scope)
        return self._upper(sheet, data[at + 9], at + size, end, scope, frame)

    def _upper(
        self, sheet: _Sheet, number: int, at: int, promise: int, scope: _Scope, frame: Frame
    ) -> _Fragment | None:
        """Mask what a Next Header or Protocol number names; give a fragment met on the way."""
        data = sheet.data
        while at < len(data):
            if number == MOBILITY_HEADER and len(scope.source) == 16:
                self._mobility(sheet, at, promise, scope, frame, over_udp=False)
                return None
            if number == UDP:
                self._udp(sheet, at, promise, scope, frame)
                return None
            if number in (IPV6, IPV4):
                ethertype = ETHERTYPE_IPV6 if number == IPV6 else ETHERTYPE_IPV4
                inner = replace(scope, depth=scope.depth + 1)
                return self._packet(sheet, ethertype, at, promise, inner, frame)
            if number == GRE:
                return self._gre(sheet, at, promise, scope, frame)
            if number == FRAGMENT:
                sheet.keep(at, at + 4)
                if at + 8 > len(data):
                    return None
                sheet.put(at + 4, self._pseudonyms.octets(data[at + 4 : at + 8]))
                position, more = sheet.number(at + 2) & 0xFFF8, bool(data[at + 3] & 1)
                if position or more:
                    end = min(promise, len(data))
                    return _Fragment(position, more, at + 8, end, data[at], scope)
                number, at = data[at], at + 8
            elif number in (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, AH):
                sheet.keep(at, at + 2)
                if at + 2 > len(data):
                    return None
                size = (data[at + 1] + 2) * 4 if number == AH else (data[at + 1] + 1) * 8
                if at + size > len(data):
                    return None
                scope = self._extension(sheet, number, at, size, scope)
                number, at = data[at], at + size
            else:
                return None
        return None

    def _extension(self, sheet: _Sheet, number: int, at: int, size: int, scope: _Scope) -> _Scope:
        """Mask an extension header that is there to its end."""
        if number == AH:
            sheet.keep(at, at + 4)
            sheet.keep(at + 8, at + 12)  # the sequence number
            return scope
        if number == ROUTING:
            return self._routing(sheet, at, size, scope)
        position, end = at + 2, at + size
        while position + 2 <= end:
            kind, length = sheet.data[position], sheet.data[position + 1]
            if kind == 0:
                sheet.keep(position, position + 1)
                position += 1
                continue
            sheet.keep(position, position + 2)
            content = position + 2
            if content + length > end:
                break
            if kind in _KEPT_OPTIONS:
                sheet.keep(content, content + length)
            elif kind == HOME_ADDRESS and length == 16:
                home = sheet.data[content : content + 16]
                sheet.put(content, self._pseudonyms.address(home))
                if number == DESTINATION_OPTIONS:
                    scope = replace(scope, home=home)
            position = content + length
        return scope

    def _routing(self, sheet: _Sheet, at: int, size: int, scope: _Scope) -> _Scope:
        """Mask a Routing header: addresses in those of type 0, 2 and 4 (RFC 8754)."""
        kind, left = sheet.data[at + 2], sheet.data[at + 3]
        sheet.keep(at, at + 4)
        if kind not in (0, 2, 4):
            return scope
        sheet.keep(at + 4, at + 8)
        count = sheet.data[at + 4] + 1 if kind == 4 else (size - 8) // 16
        for index in range(min(count, (size - 8) // 16)):
            place = at + 8 + index * 16
            sheet.put(place, self._pseudonyms.address(sheet.data[place : place + 16]))
        if left and size >= 24:
            first = sheet.data[at + 8 : at + 24]
            if kind == 2:
                return replace(scope, routing_home=first)
            if kind == 4:
                return replace(scope, destination=first)
        return scope

    def _gre(
        self, sheet: _Sheet, at: int, promise: int, scope: _Scope, frame: Frame
    ) -> _Fragment | None:
        data, flags = sheet.data, sheet.number(at)
        sheet.keep(at, at + 4)
        if at + 4 > len(data) or flags & 0x4007:
            return None
        body = at + 4
        checksum = body if flags & 0x8000 else None
        body += 4 if flags & 0x8000 else 0
        if flags & 0x2000:
            if body + 4 <= len(data):
                sheet.put(body, self.gre_key(sheet.number(body, 4)).to_bytes(4))
            body += 4
        if flags & 0x1000:
            sheet.keep(body, body + 4)
            body += 4
        protocol = sheet.number(at + 2)
        inner = unwrap(protocol, data, body)
        if inner is None or body > len(data):
            return None
        sheet.keep(body, inner.offset)
        if protocol == ETHERTYPE_TRANSPARENT_ETHERNET:
            mask = self._pseudonyms.link_layer
            sheet.put(body, mask(data[body : body + 6]) + mask(data[body + 6 : body + 12]))
        fragment = self._packet(
            sheet, inner.ethertype, inner.offset, promise,
            replace(scope, depth=scope.depth + 1), frame,
        )  # fmt: skip
        if checksum is not None and promise <= len(data):
            if fragment is not None:
                return None
            sheet.put(checksum, b"\0\0")
            sheet.fill(self._pseudonyms, at, promise)
            was_right = internet_checksum(data[at:promise]) == 0
            value = internet_checksum(bytes(sheet.out[at:promise]))
            self._checksum(sheet, checksum, value, was_right)
        return fragment

    def _udp(self, sheet: _Sheet, at: int, promise: int, scope: _Scope, frame: Frame) -> None:
        """Mask UDP: its ports stay, as they tell signalling and show a NAT."""
        data, body = sheet.data, at + _UDP_HEADER
        sheet.keep(at, at + 6)
        if body > len(data):
            return
        length = sheet.number(at + 4)
        if _UDP_HEADER <= length <= promise - at:
            promise = at + length
        self._mobility(sheet, body, promise, scope, frame, over_udp=True)
        if data[at + 6 : body] == b"\0\0":
            sheet.keep(at + 6, body)
        elif promise <= len(data):
            source, destination = (
                scope.home or scope.source,
                scope.routing_home or scope.destination,
            )
            header = pseudo_header(source, destination, promise - at, UDP)
            was_right = internet_checksum(header + data[at:promise]) == 0
            was_partial = sheet.number(at + 6) == internet_checksum(header) ^ 0xFFFF
            sheet.put(at + 6, b"\0\0")
            address = self._pseudonyms.address
            header = pseudo_header(address(source), address(destination), promise - at, UDP)
            checksum = internet_checksum(header + bytes(sheet.out[at:promise]))
            self._checksum(sheet, at + 6, checksum or 0xFFFF, was_right)
            if was_partial and not was_right:  # left to the network card, and told by that value
                sheet.put(at + 6, (internet_checksum(header) ^ 0xFFFF).to_bytes(2))

    def _checksum(self, sheet: _Sheet, at: int, right: int, was_right: bool) -> None:
        """Write a checksum: the right one, or one that is wrong as the one before was."""
        value = right
        if not was_right:
            value = right ^ 1 << 8 if right in (0, 0xFFFF) else 0xFFFF - right or 1
            if value % 0xFFFF == right % 0xFFFF or not value:
                value = right ^ 0x0101
        sheet.put(at, value.to_bytes(2))

    # ------------------------------------------------------------------------ Mobility Header

    def _mobility(
        self,
        sheet: _Sheet,
        at: int,
        promise: int,
        scope: _Scope,
        frame: Frame,
        *,
        over_udp: bool,
    ) -> None:
        """Mask a Mobility Header that begins at `at`, as far as it is there."""
        end = min(promise, len(sheet.data))
        payload = sheet.data[at:end]
        message = self._dialects.decode(
            Datagram(
                frame=frame,
                source=scope.source,
                destination=scope.destination,
                payload=payload,
                offset=None,
                truncated=end < promise,
                ports=(0, 0) if over_udp else None,
                home_address=scope.home,
                routing_home_address=scope.routing_home,
            )
        )
        rules = self._rules(message.dialect)
        sheet.keep(at, at + 4)
        content = payload[FIXED : message.length]
        declared = message_type(message.mh_type, content)
        if declared is not None and len(payload) > FIXED:
            size = declared.layout.size
            if declared.extent is not None and len(content) >= size:
                size += declared.extent(content)
            body = content[:size] if declared.has_options else content
            sheet.put(at + FIXED, self._contents.fields(declared.layout, body))
        for offset in message.offsets:
            self._option(sheet, at, payload, offset, rules)
        if declared is not None and declared.has_options:
            self._remainder(sheet, at, payload, message, declared)
        if over_udp and payload[4:6] == b"\0\0":
            sheet.keep(at + 4, at + 6)
        sheet.fill(self._pseudonyms, at + FIXED, end)
        if message.checksum_correct is None or len(payload) < FIXED:
            sheet.fill(self._pseudonyms, at, end)
            return
        address = self._pseudonyms.address
        checksum = mobility_header_checksum(
            address(scope.home or scope.source),
            address(scope.routing_home or scope.destination),
            bytes(sheet.out[at : at + message.length]),
        )
        self._checksum(sheet, at + 4, checksum, message.checksum_correct)

    def _rules(self, dialect: str | None) -> dict[int, OptionRule]:
        for known in self._dialects.dialects:
            if known.name == dialect:
                return {rule.number: rule for rule in known.option}
        return {}

    def _option(
        self, sheet: _Sheet, at: int, payload: bytes, offset: int, rules: dict[int, OptionRule]
    ) -> None:
        number = payload[offset]
        if number == PAD1:
            sheet.keep(at + offset, at + offset + 1)
            return
        sheet.keep(at + offset, at + offset + 2)
        content = payload[offset + 2 : offset + 2 + payload[offset + 1]]
        rule = rules.get(number)
        if rule is None:
            masked = self._contents.option(MOBILITY_OPTIONS, number, content)
        else:
            masked = self._translated(rule, content)
        sheet.put(at + offset + 2, masked)

    def _translated(self, rule: OptionRule, content: bytes) -> bytes:
        """Mask an option of a dialect as the one that it stands for."""
        if rule.void is not None and content == bytes.fromhex(rule.void):
            return content
        before = bytes.fromhex(rule.prepend)
        whole = before + content[rule.skip :]
        masked = self._contents.option(MOBILITY_OPTIONS, rule.means, whole)
        return self._pseudonyms.octets(content[: rule.skip]) + masked[len(before) :]

    def _remainder(
        self,
        sheet: _Sheet,
        at: int,
        payload: bytes,
        message: Message,
        declared: MessageType,
    ) -> None:
        """Keep Type and Length of an option that runs past the end; no other is behind it."""
        if message.offsets:
            last = message.offsets[-1]
            place = last + (1 if payload[last] == PAD1 else 2 + payload[last + 1])
        else:
            place = FIXED + declared.layout.size
        if place < min(message.length, len(payload)):
            sheet.keep(at + place, at + min(place + 2, message.length))


class _Contents:
    """Masks the fields of messages and options, as their declarations name them."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def option(self, registry: OptionRegistry, number: int, content: bytes) -> bytes:
        """Mask the content of an option, as many octets."""
        declared = registry.types.get(number)
        if declared is None:
            return self._pseudonyms.octets(content)
        return self.fields(declared.layout, content)

    def fields(self, layout: Layout[Any], data: bytes) -> bytes:
        """Mask the fields that the octets hold, and overwrite what is behind them."""
        sheet = _Sheet(data, len(data))
        values: dict[str, int | bytes] = {}
        for placed, value in layout.readable(data):
            values[placed.name] = value
            start = placed.offset // 8
            if placed.width is None:
                sheet.put(start, self._tail(layout, placed, data[start:], values))
            elif isinstance(placed.field, Octets):
                assert isinstance(value, bytes)
                sheet.put(start, self._octets(placed, value, values))
            elif placed.name in _NAMING and placed.width % 8 == 0:
                size = placed.width // 8
                number = self.number(placed.name, sheet.number(start, size), placed.width)
                sheet.put(start, number.to_bytes(size))
            else:
                assert isinstance(placed.field, Bits)
                sheet.keep(start, (placed.offset + placed.width + 7) // 8)
        sheet.fill(self._pseudonyms, 0, len(data))
        return bytes(sheet.out)

    def number(self, name: str, value: int, width: int) -> int:
        """Mask an integer; 0 and 1 have meanings of their own (RFC 6602 section 4.3)."""
        if value < 2:
            return value
        masked = value
        while (masked := self._pseudonyms.number(masked, width, name)) < 2:
            pass
        return masked

    def _octets(self, placed: Placed, value: bytes, values: dict[str, int | bytes]) -> bytes:
        assert isinstance(placed.field, Octets)
        if placed.name == "interface_identifier":
            return self._pseudonyms.interface_identifier(value)
        if placed.field.form == "address":
            return self._address(value, values)
        return self._pseudonyms.octets(value)

    def _address(self, value: bytes, values: dict[str, int | bytes]) -> bytes:
        length = values.get("prefix_length")
        if isinstance(length, int):
            return self._pseudonyms.prefix(value, length)
        return self._pseudonyms.address(value)

    def _tail(
        self, layout: Layout[Any], placed: Placed, data: bytes, values: dict[str, int | bytes]
    ) -> bytes:
        field = placed.field
        if isinstance(field, SubOptions):
            return self._list(field.registry, data)
        if isinstance(field, Maybe):
            size = field.width // 8
            if len(data) < size:
                return self._pseudonyms.octets(data)
            value = self.number(placed.name, int.from_bytes(data[:size]), field.width)
            return value.to_bytes(size) + self._pseudonyms.octets(data[size:])
        assert isinstance(field, Rest)
        if placed.name == "names":
            return self._names(data, values["network_name_length"])
        if field.form == "identifier":
            return masked_identifier(self._pseudonyms, values["subtype"], data)
        if field.form == "text":
            return self._pseudonyms.text(data, "service")
        if field.form == "numbers":
            return data
        if field.form == "address" and len(data) in (4, 16):
            return self._address(data, values)
        if field.form == "addresses":
            ends = range(0, len(data), 16)
            return b"".join(self._one_of_many(data[start : start + 16]) for start in ends)
        if "link_layer" in placed.name or layout.cls is MnLinkLayerIdentifier:
            return self._pseudonyms.link_layer(data)
        return self._pseudonyms.octets(data)

    def _one_of_many(self, data: bytes) -> bytes:
        full = len(data) == 16
        return self._pseudonyms.address(data) if full else self._pseudonyms.octets(data)

    def _names(self, data: bytes, length: int | bytes) -> bytes:
        """Mask two names with the length of the second between them (RFC 6757 section 3.1.1)."""
        assert isinstance(length, int)
        mask = self._pseudonyms.text
        name, between = data[:length], data[length : length + 1]
        return mask(name, "network") + between + mask(data[length + 1 :], "access point")

    def _list(self, registry: OptionRegistry, data: bytes) -> bytes:
        """Mask sub-options one by one; of one that runs past the end the first two octets stay."""
        result = bytearray()
        place = 0
        while place < len(data):
            number = data[place]
            if number == PAD1 and PAD1 in registry.types:
                result.append(number)
                place += 1
                continue
            end = place + 2 + data[place + 1] if place + 1 < len(data) else len(data) + 1
            result += data[place : place + 2]
            content = data[place + 2 : end]
            if end > len(data):
                result += self._pseudonyms.octets(content)
                break
            result += self.option(registry, number, content)
            place = end
        return bytes(result)


def masked_identifier(pseudonyms: Pseudonyms, subtype: int | bytes, octets: bytes) -> bytes:
    """Mask the octets of an identifier as its subtype says what they are."""
    if subtype == _NAI:
        return pseudonyms.nai(octets)
    if subtype == _IPV6_ADDRESS and len(octets) == 16:
        return pseudonyms.address(octets)
    if subtype == _IMSI:
        return pseudonyms.digits(octets)
    if subtype == _EUI48:
        return pseudonyms.link_layer(octets)
    return pseudonyms.octets(octets)
