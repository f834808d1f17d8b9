"""Traces written as call flows: who sends what, when, with which options.

A `Trace` stands for a domain with MAGs and LMAs and a clock. Every call sends one message at the
present moment; what a conforming peer would put into it is the default, and every part can be
replaced, left out or added, so that a trace reads like the call flow of an RFC with its one
peculiarity spelled out::

    trace = Trace()
    mag = trace.mag("mag1@example.com")
    lte = mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11)
    wlan = mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9)
    trace.register(lte)
    trace.wait(5)
    trace.pbu(wlan, bulk=True, overwrite=True)
    trace.pba()

The octets come from the project's own encoder. Samples and tests are made of such traces; they
serve rules and options of third parties as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import ALL_ZERO, address_octets
from pmiptrace.model import Body, Datagram, Frame, Identifier, Message, Option
from pmiptrace.packet.build import ipv6, udp_ipv4
from pmiptrace.packet.numbers import LINK_RAW, MOBILITY_HEADER
from pmiptrace.wire.decode import decode
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
"""2023-11-14T22:13:20Z, when every trace begins unless told otherwise."""


class Mag:
    """A mobile access gateway with one sequence number counter for all it sends."""

    def __init__(self, identifier: str | None, sequence: int = 0) -> None:
        self.identifier = identifier
        self.sequence = sequence

    def path(
        self, address: str, *, bid: int | None = None, if_att: int = 4, if_label: int = 0
    ) -> Path:
        """Give a care-of address of this MAG; one without a BID registers without RFC 8278."""
        return Path(self, address_octets(address), bid, if_att, if_label)

    def next_sequence(self) -> int:
        """Count on; sequence numbers are modulo 2^16 (RFC 6275 section 9.5.1)."""
        self.sequence = (self.sequence + 1) % 65536
        return self.sequence


class Path(Struct, frozen=True):
    """One WAN interface of a MAG: its care-of address and the binding it stands for."""

    mag: Mag
    address: bytes
    bid: int | None
    if_att: int
    if_label: int

    def multipath(self, *, bulk: bool = False, overwrite: bool = False) -> MagMultipathBinding:
        """Give the MAG Multipath Binding option of this path."""
        return MagMultipathBinding(
            if_att=self.if_att,
            if_label=self.if_label,
            bid=self.bid or 0,
            bulk=bulk,
            overwrite=overwrite,
        )


class Sent(Struct, frozen=True):
    """A message that was sent, to be answered or repeated."""

    source: bytes
    destination: bytes
    body: Body
    options: tuple[Option, ...]
    time: int
    path: Path | None = None
    ports: tuple[int, int] | None = None


class Trace:
    """A clock, the peers of a PMIPv6 domain, and the frames that they sent so far."""

    def __init__(
        self,
        *,
        lma: str = "2001:db8:f::1",
        start: int = START,
        timestamps: bool = True,
        capture: int = 0,
    ) -> None:
        self.lma = address_octets(lma)
        self.now = start
        self.timestamps = timestamps
        self.capture = capture
        self.sent: list[Sent] = []
        self.frames: list[Frame] = []
        self._assigned: dict[tuple[str, bytes], tuple[str, ...]] = {}
        self._registered: set[tuple[str, bytes]] = set()

    # ------------------------------------------------------------------ peers and the clock

    def mag(self, identifier: str | None = "mag1@example.com", *, sequence: int = 0) -> Mag:
        """Give a MAG with that NAI, or with none; its next sequence number is `sequence` + 1."""
        return Mag(identifier, sequence)

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.now += round(seconds * SECOND)

    # -------------------------------------------------------------------------- registration

    def pbu(
        self,
        path: Path,
        mn: str = "mn1@example.com",
        *,
        lma: str | None = None,
        lifetime: int = 3600,
        hnp: str | Sequence[str] | None = None,
        hi: int | None = None,
        att: int = 2,
        link_layer: bytes | None = None,
        link_local: str | None = None,
        multipath: bool | None = None,
        bulk: bool = False,
        overwrite: bool = False,
        sequence: int | None = None,
        timestamp: int | None = None,
        without: Iterable[int] = (),
        replacing: Iterable[Option] = (),
        also: Iterable[Option] = (),
        ports: tuple[int, int] | None = None,
        **flags: Any,
    ) -> Sent:
        """Send a Proxy Binding Update from a path of a MAG.

        `hnp` defaults to what the mobile node was assigned in this trace, else to ALL_ZERO; `hi`
        to 4 for a de-registration, 5 for a path that is registered, 6 for a further path and 1
        otherwise. `lifetime` is in seconds. `without` names option numbers to leave out,
        `replacing` gives options that take the place of those of their number, `also` adds
        options at the end; `flags` are fields of the Binding Update.
        """
        peer = address_octets(lma) if lma else self.lma
        known = self._assigned.get((mn, peer), ())
        if hi is None:
            if lifetime == 0:
                hi = 4
            elif (mn, path.address) in self._registered:
                hi = 5
            else:
                hi = 6 if known and path.bid is not None else 1
        prefixes = known or ("::/0",) if hnp is None else (hnp,) if isinstance(hnp, str) else hnp
        options: list[Option] = [
            mn_identifier(mn),
            *(home_network_prefix(prefix) for prefix in prefixes),
            HandoffIndicator(indicator=hi),
            AccessTechnologyType(access_technology=att),
        ]
        if link_layer is not None:
            options.append(MnLinkLayerIdentifier(identifier=link_layer))
        if link_local is not None:
            options.append(LinkLocalAddress(address=address_octets(link_local)))
        if self.timestamps or timestamp is not None:
            options.append(Timestamp.at(self.now if timestamp is None else timestamp))
        if path.bid is not None if multipath is None else multipath:
            options.append(path.multipath(bulk=bulk, overwrite=overwrite))
            if path.mag.identifier is not None:
                options.append(mag_identifier(path.mag.identifier))
        body = BindingUpdate(
            sequence=path.mag.next_sequence() if sequence is None else sequence,
            acknowledge=flags.pop("acknowledge", True),
            proxy=flags.pop("proxy", True),
            lifetime=lifetime // 4,
            **flags,
        )
        return self.send(
            path.address, peer, body, *edited(options, without, replacing, also),
            path=path, ports=ports,
        )  # fmt: skip

    def pba(
        self,
        request: Sent | None = None,
        *,
        status: int = 0,
        lifetime: int | None = None,
        hnp: str | Sequence[str] | None = None,
        sequence: int | None = None,
        source: str | None = None,
        destination: str | None = None,
        without: Iterable[int] = (),
        replacing: Iterable[Option] = (),
        also: Iterable[Option] = (),
        **flags: Any,
    ) -> Sent:
        """Send the Proxy Binding Acknowledgement that a conforming LMA gives to a PBU.

        Without a `request` it answers the last PBU sent. An acceptance assigns a prefix where the
        request asked for one and grants the lifetime asked for; the MAG Identifier is left out
        (RFC 8278 section 4.4), all other options are echoed.
        """
        if request is None:
            request = next(s for s in reversed(self.sent) if isinstance(s.body, BindingUpdate))
        update = request.body
        assert isinstance(update, BindingUpdate)
        accepted = status < 128
        mn = next((o for o in request.options if isinstance(o, MnIdentifier)), None)
        name = mn.identifier.decode() if mn else ""
        asked = tuple(o for o in request.options if isinstance(o, HomeNetworkPrefix))
        given: tuple[HomeNetworkPrefix, ...] = asked
        if hnp is not None:
            given = tuple(map(home_network_prefix, (hnp,) if isinstance(hnp, str) else hnp))
        elif accepted and all(o.home_network_prefix == ALL_ZERO for o in asked):
            key = (name, request.destination)
            given = tuple(map(home_network_prefix, self._assigned.get(key) or (self._fresh(),)))
        options: list[Option] = []
        for option in request.options:
            if isinstance(option, MagIdentifier):
                continue
            if isinstance(option, HomeNetworkPrefix):
                if option is asked[0]:
                    options.extend(given)
                continue
            options.append(option)
        granted = (update.lifetime_s if lifetime is None else lifetime) if accepted else 0
        if accepted and name:
            self._note(name, request, given, update.lifetime > 0)
        body = BindingAcknowledgement(
            status=status,
            proxy=flags.pop("proxy", True),
            sequence=update.sequence if sequence is None else sequence,
            lifetime=granted // 4,
            **flags,
        )
        return self.send(
            address_octets(source) if source else request.destination,
            address_octets(destination) if destination else request.source,
            body,
            *edited(options, without, replacing, also),
            path=request.path,
            ports=(request.ports[1], request.ports[0]) if request.ports else None,
        )

    def register(self, path: Path, mn: str = "mn1@example.com", **parts: Any) -> Sent:
        """Send a PBU and, 20 ms later, the PBA that accepts it; give the PBU."""
        request = self.pbu(path, mn, **parts)
        self.wait(0.02)
        self.pba(request)
        return request

    def deregister(self, path: Path, mn: str = "mn1@example.com", **parts: Any) -> Sent:
        """Send a de-registration and, 20 ms later, its acknowledgement; give the PBU."""
        return self.register(path, mn, lifetime=0, **parts)

    # ------------------------------------------------------------------------- anything else

    def send(
        self,
        source: bytes | str,
        destination: bytes | str,
        body: Body,
        *options: Option,
        path: Path | None = None,
        ports: tuple[int, int] | None = None,
    ) -> Sent:
        """Send a message; between IPv4 addresses over UDP 5436 (RFC 5844 section 4)."""
        sender = address_octets(source) if isinstance(source, str) else source
        receiver = address_octets(destination) if isinstance(destination, str) else destination
        if len(sender) == 4 and ports is None:
            ports = (5436, 5436)
        sent = Sent(sender, receiver, body, options, self.now, path, ports)
        self.sent.append(sent)
        self._capture(sent)
        return sent

    def again(self, sent: Sent) -> Sent:
        """Send the same octets once more, now."""
        repeated = replace(sent, time=self.now)
        self.sent.append(repeated)
        self._capture(repeated)
        return repeated

    def messages(self) -> Iterator[Message]:
        """Give what was sent, decoded, in the order of sending."""
        for frame, sent in zip(self.frames, self.sent, strict=True):
            offset = 40 if len(sent.source) == 16 else 28
            yield decode(
                Datagram(
                    frame=frame,
                    source=sent.source,
                    destination=sent.destination,
                    payload=frame.data[offset:],
                    offset=offset,
                    hop_limit=64,
                    ports=sent.ports,
                )
            )

    def _capture(self, sent: Sent) -> None:
        overwritten = 0 if sent.ports else None
        payload = encode(
            sent.body,
            sent.options,
            source=sent.source,
            destination=sent.destination,
            checksum=overwritten,
        )
        data = _ip_packet(sent, payload)
        self.frames.append(
            Frame(self.capture, len(self.frames) + 1, sent.time, LINK_RAW, data, len(data))
        )

    def _fresh(self) -> str:
        return f"2001:db8:{0x100 + len(self._assigned):x}::/64"

    def _note(
        self, mn: str, request: Sent, given: Iterable[HomeNetworkPrefix], registered: bool
    ) -> None:
        prefixes = tuple(str(o.prefix) for o in given if not o.prefix.is_all_zero)
        if registered:
            if prefixes:
                self._assigned[mn, request.destination] = prefixes
            self._registered.add((mn, request.source))
        else:
            self._registered.discard((mn, request.source))


def mn_identifier(text: str) -> MnIdentifier:
    """Give the MN Identifier option with an NAI."""
    return MnIdentifier(subtype=1, identifier=text.encode())


def mag_identifier(text: str) -> MagIdentifier:
    """Give the MAG Identifier option with an NAI."""
    return MagIdentifier(subtype=1, identifier=text.encode())


def nai(text: str) -> Identifier:
    """Give an NAI as the identifier it is in sessions and findings."""
    return Identifier(1, text.encode())


def home_network_prefix(text: str) -> HomeNetworkPrefix:
    """Give the Home Network Prefix option of ``2001:db8:1::/64``; ``::/0`` asks for one."""
    address, _, length = text.partition("/")
    return HomeNetworkPrefix(prefix_length=int(length), home_network_prefix=address_octets(address))


def edited(
    options: Iterable[Option],
    without: Iterable[int] = (),
    replacing: Iterable[Option] = (),
    also: Iterable[Option] = (),
) -> tuple[Option, ...]:
    """Give options with some left out, some replaced by others of their number, some added."""
    gone = set(without)
    instead = {option.number: option for option in replacing}
    kept = [instead.get(o.number, o) for o in options if o.number not in gone]
    return (*kept, *also)


def _ip_packet(sent: Sent, payload: bytes) -> bytes:
    if sent.ports is None:
        return ipv6(sent.source, sent.destination, MOBILITY_HEADER, payload)
    return udp_ipv4(sent.source, sent.destination, payload, ports=sent.ports)
