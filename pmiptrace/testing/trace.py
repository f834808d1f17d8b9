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
from pmiptrace.model import SECOND, Body, Datagram, Frame, Identifier, Message, Option, Prefix
from pmiptrace.packet.build import ipv6, udp_ipv4
from pmiptrace.packet.numbers import LINK_RAW, MOBILITY_HEADER
from pmiptrace.wire.decode import decode
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingError,
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

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
        self._assigned_ipv4: dict[tuple[str, bytes], Prefix] = {}
        self._registered: set[tuple[str, bytes]] = set()
        self._numbers: dict[type[Body], int] = {}

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
        ipv4: str | None = None,
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

        `hnp` defaults to what the mobile node was assigned in this trace, else to ALL_ZERO; `ipv4`
        to the IPv4 home address it was assigned, else no such option is sent (``0.0.0.0/0`` asks
        for one); `hi` to 4 for a de-registration, 5 for a path that is registered, 6 for a further
        path and 1 otherwise. `lifetime` is in seconds. `without` names option numbers to leave
        out, `replacing` gives options that take the place of those of their number, `also` adds
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
        home = self._assigned_ipv4.get((mn, peer)) if ipv4 is None else ipv4_prefix(ipv4)
        options: list[Option] = [
            mn_identifier(mn),
            *(home_network_prefix(prefix) for prefix in prefixes),
            *(() if home is None else (ipv4_home_address_request(home),)),
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
        (RFC 8278 section 4.4). An IPv4 Home Address Request is answered by its reply, and by the
        default router of an acceptance (RFC 5844 section 3.1.2.6). All other options are echoed.
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
        elif accepted and asked and all(o.home_network_prefix == ALL_ZERO for o in asked):
            key = (name, request.destination)
            given = tuple(map(home_network_prefix, self._assigned.get(key) or (self._fresh(),)))
        gone = set(without)
        options: list[Option] = []
        for option in request.options:
            if isinstance(option, MagIdentifier):
                continue
            if isinstance(option, HomeNetworkPrefix):
                if option is asked[0]:
                    options.extend(given)
                continue
            if isinstance(option, Ipv4HomeAddressRequest):
                if option.number not in gone:
                    options.extend(self._ipv4_answer((name, request.destination), option, accepted))
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
            *edited(options, gone, replacing, also),
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

    # ------------------------------------------------------- revocation (RFC 5846)

    def bri(
        self,
        path: Path,
        mn: str | None = "mn1@example.com",
        *,
        trigger: int = 1,
        sequence: int | None = None,
        from_mag: bool = False,
        options: Iterable[Option] = (),
        **flags: Any,
    ) -> Sent:
        """Send a Binding Revocation Indication for a binding of a path, from its LMA or its MAG.

        It names the mobile node, unless that is None, and then has the `options` given; `flags`
        are fields of the message. P is set.
        """
        named = () if mn is None else (mn_identifier(mn),)
        body = BindingRevocationIndication(
            trigger=trigger,
            sequence=self._next(BindingRevocationIndication) if sequence is None else sequence,
            proxy=flags.pop("proxy", True),
            **flags,
        )
        return self._between(path, from_mag, body, *named, *options)

    def bra(self, request: Sent | None = None, *, status: int = 0, **changes: Any) -> Sent:
        """Answer a BRI, by default the last one; `changes` are fields that differ from its own."""
        request = request or self._latest(BindingRevocationIndication)
        asked = request.body
        assert isinstance(asked, BindingRevocationIndication)
        fields: dict[str, Any] = {
            "sequence": asked.sequence,
            "proxy": asked.proxy,
            "ipv4_only": asked.ipv4_only,
            "global_revocation": asked.global_revocation,
        }
        body = BindingRevocationAcknowledgement(status=status, **{**fields, **changes})
        return self._back(request, body)

    # -------------------------------------------------------- heartbeat (RFC 5847)

    def heartbeat(
        self,
        path: Path,
        *,
        sequence: int | None = None,
        from_mag: bool = False,
        options: Iterable[Option] = (),
        **flags: Any,
    ) -> Sent:
        """Send a Heartbeat Request between a path's MAG and the LMA."""
        number = self._next(Heartbeat) if sequence is None else sequence
        return self._between(path, from_mag, Heartbeat(sequence=number, **flags), *options)

    def heartbeat_response(
        self,
        request: Sent | None = None,
        *,
        counter: int | None = 1,
        sequence: int | None = None,
        unsolicited: bool = False,
    ) -> Sent:
        """Answer a Heartbeat Request, by default the last one, with a Restart Counter or none."""
        request = request or next(
            s for s in reversed(self.sent) if isinstance(s.body, Heartbeat) and not s.body.response
        )
        asked = request.body
        assert isinstance(asked, Heartbeat)
        number = asked.sequence if sequence is None else sequence
        body = Heartbeat(response=True, unsolicited=unsolicited, sequence=number)
        options = () if counter is None else (RestartCounter(restart_counter=counter),)
        return self._back(request, body, *options)

    # ----------------------------------------------- update notification (RFC 7077)

    def upn(
        self,
        path: Path,
        mn: str | None = "mn1@example.com",
        *,
        reason: int = 1,
        sequence: int | None = None,
        from_mag: bool = False,
        options: Iterable[Option] = (),
        **flags: Any,
    ) -> Sent:
        """Send an Update Notification to a path's MAG; `flags` are fields of the message."""
        named = () if mn is None else (mn_identifier(mn),)
        body = UpdateNotification(
            sequence=self._next(UpdateNotification) if sequence is None else sequence,
            reason=reason,
            **flags,
        )
        return self._between(path, from_mag, body, *named, *options)

    def upa(
        self,
        request: Sent | None = None,
        *,
        status: int = 0,
        sequence: int | None = None,
        reserved: int = 0,
        source: str | None = None,
        options: Iterable[Option] | None = None,
    ) -> Sent:
        """Acknowledge a UPN, by default the last one, with its options or those given."""
        request = request or self._latest(UpdateNotification)
        asked = request.body
        assert isinstance(asked, UpdateNotification)
        body = UpdateNotificationAcknowledgement(
            sequence=asked.sequence if sequence is None else sequence,
            status=status,
            reserved=reserved,
        )
        named = request.options if options is None else options
        return self.send(
            address_octets(source) if source else request.destination,
            request.source,
            body,
            *named,
            path=request.path,
        )

    # ------------------------------------------------------------------------- anything else

    def binding_error(self, request: Sent | None = None, *, status: int = 2) -> Sent:
        """Answer a message, by default the last one, by a Binding Error: its type is not known."""
        return self._back(request or self.sent[-1], BindingError(status=status))

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

    def _between(self, path: Path, from_mag: bool, body: Body, *options: Option) -> Sent:
        ends = (path.address, self.lma) if from_mag else (self.lma, path.address)
        return self.send(*ends, body, *options, path=path)

    def _back(self, request: Sent, body: Body, *options: Option) -> Sent:
        return self.send(request.destination, request.source, body, *options, path=request.path)

    def _latest(self, cls: type[Body]) -> Sent:
        return next(s for s in reversed(self.sent) if isinstance(s.body, cls))

    def _next(self, cls: type[Body]) -> int:
        """Count the messages of a class; the LMA and the MAGs share the counter."""
        self._numbers[cls] = self._numbers.get(cls, 0) + 1
        return self._numbers[cls]

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

    def _ipv4_answer(
        self, node: tuple[str, bytes], asked: Ipv4HomeAddressRequest, accepted: bool
    ) -> Iterator[Option]:
        """Give the options that answer a request for an IPv4 home address."""
        if not accepted:
            yield ipv4_home_address_reply(asked.prefix, status=128)
            return
        home = asked.prefix
        if home.is_all_zero:
            fresh = bytes((10, 0, 0, 2 + len(self._assigned_ipv4)))
            home = self._assigned_ipv4.get(node) or Prefix(fresh, 24)
        self._assigned_ipv4[node] = home
        yield ipv4_home_address_reply(home)
        yield Ipv4DefaultRouterAddress(address=home.address[:3] + b"\1")

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


def ipv4_prefix(text: str) -> Prefix:
    """Give ``10.1.2.3/24`` as an address with the prefix length of its network."""
    address, _, length = text.partition("/")
    return Prefix(address_octets(address), int(length))


def ipv4_home_address_request(home: Prefix) -> Ipv4HomeAddressRequest:
    """Give the IPv4 Home Address Request option for an address; 0.0.0.0 leaves it to the LMA."""
    return Ipv4HomeAddressRequest(prefix_length=home.length, home_address=home.address)


def ipv4_home_address_reply(home: Prefix, *, status: int = 0) -> Ipv4HomeAddressReply:
    """Give the IPv4 Home Address Reply option for an address."""
    return Ipv4HomeAddressReply(status=status, prefix_length=home.length, home_address=home.address)


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
