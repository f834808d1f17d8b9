"""One place of a correct run changed, and the rules that the change breaks.

`mutations` gives every change of every message of a `Run` that the operators below know, each with
the IDs of the catalogue rules that the changed run breaks by the RFCs' text, or with the reason
why it breaks none::

    for mutation in mutations(run):
        frames = mutation.frames()

What is broken follows from what the simulated peers did and held, not from what an analysis says of
it: an operator asks whether its request was answered, renewed a binding of the LMA's cache, or was
the first one. Where the text leaves it open whether a change breaks a rule, the rule is not named.
The checksum is right again after each change, except after that of the checksum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import ALL_ZERO
from pmiptrace.model import Body, Frame, OpaqueOption, Option
from pmiptrace.packet.build import home_address, ipv6, routing_type_2
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.packet.numbers import DESTINATION_OPTIONS, MOBILITY_HEADER, ROUTING
from pmiptrace.simulation.clock import SECOND
from pmiptrace.simulation.lma import Held
from pmiptrace.simulation.network import Packet, Sighting, Vantage, frame_of
from pmiptrace.simulation.run import Run
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.encode import encode
from pmiptrace.wire.layout import Flag, Layout, Reserved
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.option import MOBILITY_OPTIONS, option_name, option_type
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
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc6275 import BindingAuthorizationData, BindingRefreshAdvice
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier
from pmiptrace.wire.options.rfc7148 import DelegatedMobileNetworkPrefix
from pmiptrace.wire.options.rfc8127 import LmaControlledMagParameters
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

Effect = tuple[str, ...] | str
"""IDs of the rules that a change breaks, or why it breaks none."""

NOT_IN_CATALOGUE = "the catalogue has no rule for it"
OFFER = "legal: the flag is an offer that the LMA may decline"
UNANSWERED = "not visible: the message has no counterpart that would contradict it"
LMAS_CHOICE = "legal: the LMA may choose so"
MAGS_CHOICE = "legal: the MAG may choose so"
LOST = "not visible: the message may have been there, and missed by the capture"

OTHER_ADDRESS = b"\x20\x01\x0d\xb8\xff\xff" + bytes(9) + b"\1"
OTHER_IPV4 = b"\xc6\x33\xff\x01"
OTHER_PREFIX = b"\x20\x01\x0d\xb8\xff\xee" + bytes(10)
UNASSIGNED = 200
"""No value of the status, Handoff Indicator and Access Technology Type registries."""


class Place(Struct, frozen=True, eq=False):
    """A message of a run, and what was true when the LMA met it."""

    index: int
    """Position in the capture, from 0."""
    sighting: Sighting
    kind: str
    held: tuple[Held, ...]
    """What the LMA held for its mobile node just before."""
    earlier: tuple[Place, ...]
    """The messages of the same mobile node before it."""
    later: list[Place]
    """Those after it."""
    peers: tuple[Place, ...]
    """The messages before it that its sender sent with a Restart Counter."""
    addresses: frozenset[bytes]
    """The care-of addresses of its MAG."""
    request: list[Place]
    """The message that it answers, if any: one at most."""
    answer: list[Place]
    peers_later: list[Place]

    @property
    def packet(self) -> Packet:
        """Addresses, fixed part and options."""
        return self.sighting.packet

    @property
    def asks(self) -> Packet:
        """The request of an exchange, seen from either message."""
        return self.request[0].packet if self.request else self.packet

    @property
    def is_deregistration(self) -> bool:
        """Whether it is, or answers, a PBU with Lifetime 0."""
        body = self.asks.body
        return isinstance(body, BindingUpdate) and body.lifetime == 0

    @property
    def is_accepted(self) -> bool:
        """Whether it is an accepting PBA, or a PBU that got one."""
        body = self.answer[0].packet.body if self.answer else self.packet.body
        return isinstance(body, BindingAcknowledgement) and body.accepted

    @property
    def bid(self) -> int | None:
        """The BID of its request."""
        multipath = self.asks.first(MagMultipathBinding)
        return multipath.bid if multipath else None

    @property
    def care_of_address(self) -> bytes:
        """The source of its request."""
        return self.asks.source

    @property
    def handoff(self) -> int | None:
        """The Handoff Indicator of its request."""
        option = self.asks.first(HandoffIndicator)
        return option.indicator if option else None

    @property
    def names_prefix(self) -> bool:
        """Whether its request names the prefixes of a session."""
        return any(not p.prefix.is_all_zero for p in self.asks.every(HomeNetworkPrefix))

    @property
    def own(self) -> tuple[Held, ...]:
        """The bindings of its session, as far as its request names it."""
        named = {option.prefix for option in self.asks.every(HomeNetworkPrefix)}
        return tuple(held for held in self.held if named & held.prefixes)

    @property
    def renews(self) -> bool:
        """Whether its request extends a binding that the LMA holds, and says so."""
        return (
            self.handoff == Handoff.NOT_CHANGED
            and not self.is_deregistration
            and any(
                held.bid == self.bid and held.care_of_address == self.care_of_address
                for held in self.own
            )
        )

    @property
    def follows(self) -> bool:
        """Whether it, or its request, goes on with what the same address had registered."""
        goes_on = self.is_deregistration or self.handoff == Handoff.NOT_CHANGED
        return (
            goes_on
            and any(held.care_of_address == self.care_of_address for held in self.own)
            and any(
                place.kind == "PBU"
                and place.care_of_address == self.care_of_address
                and place.is_accepted
                and not place.is_deregistration
                for place in self.earlier
            )
        )

    @property
    def is_first(self) -> bool:
        """Whether nothing of the mobile node was seen or held before its request."""
        return not self.held and not any(
            place.kind == "PBU" and place is not self and place not in self.request
            for place in self.earlier
        )

    @property
    def other_paths(self) -> bool:
        """Whether the LMA holds another path of the session, by the same MAG."""
        return any(
            held.bid not in (None, self.bid) and held.care_of_address in self.addresses
            for held in self.own
        )

    @property
    def is_alone(self) -> bool:
        """Whether its MAG sent nothing else for the mobile node within the second before."""
        since = self.sighting.time - SECOND
        return not any(
            place.kind == "PBU" and place.sighting.time > since for place in self.earlier
        )

    @property
    def has_multipath_session(self) -> bool:
        """Whether the LMA holds a path of the session, from the same address too."""
        return any(held.bid is not None for held in self.own) and self.follows

    @property
    def next_request(self) -> Packet | None:
        """The PBU that its MAG registers the mobile node with next, if that has its answer by then.

        A request that is under way when the answer comes is none that ignores the answer.
        """
        following = next(
            (
                place
                for place in self.later
                if place.kind == "PBU"
                and not place.is_deregistration
                and place.packet.source in self.addresses
            ),
            None,
        )
        if following is None or following.sighting.time <= self.sighting.time + 2 * SECOND:
            return None
        return following.packet


class Change(Struct, frozen=True, kw_only=True):
    """What an operator does to a message."""

    operator: str
    effect: Effect
    packet: Packet | None = None
    edit: Callable[[bytes], bytes] | None = None
    """Changes the octets of the Mobility Header."""
    corrects: bool = True
    """Whether the checksum is made right again."""
    around: Callable[[Frame], list[Frame]] | None = None
    """Gives what stands in place of the frame."""


class Mutation(Struct, frozen=True):
    """One change at one place."""

    place: Place
    change: Change
    original: list[Frame]

    @property
    def operator(self) -> str:
        """What is changed, in words."""
        return f"{self.place.kind}: {self.change.operator}"

    @property
    def breaks(self) -> tuple[str, ...]:
        """The IDs of the rules that the changed run breaks."""
        return () if isinstance(self.change.effect, str) else self.change.effect

    @property
    def because(self) -> str:
        """Why no rule is broken; empty if one is."""
        return self.change.effect if isinstance(self.change.effect, str) else ""

    def frames(self) -> list[Frame]:
        """Give the capture with the change."""
        sighting, change = self.place.sighting, self.change
        packet = change.packet or sighting.packet
        over_udp = packet.ports is not None
        payload = encode(
            packet.body,
            packet.options,
            source=packet.source,
            destination=packet.destination,
            checksum=0 if over_udp else None,
        )
        if change.edit is not None:
            payload = change.edit(payload)
            if change.corrects and not over_udp:
                payload = _corrected(payload, packet.source, packet.destination)
        frame = frame_of(replace(sighting, packet=packet, payload=payload), 0)
        changed = [frame] if change.around is None else change.around(frame)
        index = self.place.index
        frames = [*self.original[:index], *changed, *self.original[index + 1 :]]
        frames.sort(key=lambda frame: frame.time or 0)
        return [replace(frame, number=number) for number, frame in enumerate(frames, 1)]


def mutations(run: Run, vantage: Vantage = Vantage.LMA) -> Iterator[Mutation]:
    """Give all changes of all messages that a capture holds, in a fixed order."""
    original = run.frames(vantage)
    for place in _places(run, vantage):
        for operator in OPERATORS:
            for change in operator(place):
                yield Mutation(place, change, original)


# ------------------------------------------------------------------------------- what was true


def _places(run: Run, vantage: Vantage) -> list[Place]:
    """Give the messages of a run in the order of `Run.frames`, each with its circumstances."""
    sightings = [s for s in run.seen[vantage] if s.time <= run.ended]
    sightings.sort(key=lambda sighting: sighting.time)
    places: list[Place] = []
    counting: dict[bytes, list[Place]] = {}
    addresses: dict[int, set[bytes]] = {}
    for sighting in sightings:
        packet = sighting.packet
        end = packet.source if sighting.from_mag else packet.destination
        addresses.setdefault(sighting.mag, set()).add(end)
    of_node: dict[bytes, list[Place]] = {}
    for index, sighting in enumerate(sightings):
        packet = sighting.packet
        node = packet.first(MnIdentifier)
        before = of_node.setdefault(node.identifier, []) if node else []
        held = tuple(
            held
            for held in run.ground_truth(sighting.time - 1)
            if node and held.mobile_node.octets == node.identifier and held.lma in _ends(packet)
        )
        counter = counting.setdefault(packet.source, []) if packet.first(RestartCounter) else []
        place = Place(
            index=index,
            sighting=sighting,
            kind=_kind(packet.body),
            held=held,
            earlier=tuple(before),
            later=[],
            peers=tuple(counter),
            addresses=frozenset(addresses[sighting.mag]),
            request=[],
            answer=[],
            peers_later=[],
        )
        _pair(places, place)
        if place.request and place.kind == "PBA":
            # An answer is judged by what was held when its request came.
            place = replace(place, held=place.request[0].held)
            place.request[0].answer[:] = [place]
        for other in before:
            other.later.append(place)
        for other in counter:
            other.peers_later.append(place)
        before.append(place)
        counter.append(place)
        places.append(place)
    return places


def _ends(packet: Packet) -> tuple[bytes, bytes]:
    return packet.source, packet.destination


def _kind(body: Body) -> str:
    match body:
        case BindingUpdate():
            return "PBU"
        case BindingAcknowledgement():
            return "PBA"
        case Heartbeat():
            if not body.response:
                return "Heartbeat request"
            return "Heartbeat announcement" if body.unsolicited else "Heartbeat response"
        case _:
            return body.abbreviation


_ANSWERS = {
    "PBA": "PBU",
    "Heartbeat response": "Heartbeat request",
    "BRA": "BRI",
    "UPA": "UPN",
}


def _pair(places: Iterable[Place], answer: Place) -> None:
    """Note the request that a message answers: same number, addresses swapped, the last one."""
    wanted = _ANSWERS.get(answer.kind)
    packet = answer.packet
    found = None
    for place in places:
        if (
            place.kind == wanted
            and _sequence(place.packet) == _sequence(packet)
            and _ends(place.packet) == (packet.destination, packet.source)
            and not place.answer
        ):
            found = place
    if found is not None:
        answer.request.append(found)
        found.answer.append(answer)


def _sequence(packet: Packet) -> int:
    return int(getattr(packet.body, "sequence", -1))


# ----------------------------------------------------------------------------------- operators

Operator = Callable[[Place], Iterator[Change]]
OPERATORS: list[Operator] = []


def _operator(function: Operator) -> Operator:
    OPERATORS.append(function)
    return function


def _with_body(place: Place, operator: str, effect: Effect, **fields: object) -> Change:
    packet = place.packet
    body = replace(packet.body, **fields)
    return Change(operator=operator, effect=effect, packet=replace(packet, body=body))


def _with_options(place: Place, operator: str, effect: Effect, options: Iterable[Option]) -> Change:
    packet = replace(place.packet, options=tuple(options))
    return Change(operator=operator, effect=effect, packet=packet)


def _with_option(
    place: Place, option: Option, operator: str, effect: Effect, **fields: object
) -> Change:
    """Change fields of one option."""
    options = (replace(each, **fields) if each is option else each for each in place.packet.options)
    return _with_options(place, f"{option_name(option)}, {operator}", effect, options)


def _rules(*effects: str | bool | None, otherwise: str = "") -> Effect:
    """Give the rules among what may also be None or False; without any, the reason."""
    rules = tuple(effect for effect in effects if isinstance(effect, str))
    return rules or otherwise


def _if_answered(place: Place, *rules: str, otherwise: str = UNANSWERED) -> Effect:
    return rules if place.answer else otherwise


def _flag_effect(place: Place, name: str) -> Effect:
    """Tell what turning a flag over breaks."""
    answered, body = bool(place.answer), place.packet.body
    notes: dict[tuple[str, str], Effect] = {
        ("PBU", "acknowledge"): ("RFC5213-6.9.1.5-A-FLAG",),
        ("PBU", "proxy"): _rules("RFC5213-8.1-P-FLAG", answered and "RFC5213-8.2-P-FLAG"),
        ("PBU", "bulk_binding_update"): ("RFC6602-5.1.2-GROUP",),
        ("PBU", "force_udp"): OFFER,
        ("PBU", "tlv_header"): OFFER,
        ("PBU", "mobile_router"): OFFER,
        ("PBU", "key_management"): OFFER,
        ("PBU", "multicast"): OFFER,
        ("PBU", "dmm"): OFFER,
        ("PBA", "proxy"): ("RFC5213-8.2-P-FLAG",),
        ("PBA", "tlv_header"): ("RFC5845-7.2-T",),
        ("PBA", "bulk_binding_update"): ("RFC6602-4.2-B",),
        ("Heartbeat request", "unsolicited"): ("RFC5847-3.3-U",),
        ("Heartbeat request", "response"): ("RFC5847-3.2-RC-MISSING", "RFC5847-3-SEQ"),
        ("Heartbeat response", "unsolicited"): ("RFC5847-3.3-U",),
        ("Heartbeat response", "response"): _rules(
            "RFC5847-3.4-RC-IN-REQUEST", bool(place.request) and "RFC5847-3-RESPOND"
        ),
        ("Heartbeat announcement", "unsolicited"): ("RFC5847-3-SEQ",),
        ("Heartbeat announcement", "response"): ("RFC5847-3.3-U", "RFC5847-3.4-RC-IN-REQUEST"),
        ("BRI", "proxy"): ("RFC5846-6.1.1-P",),
        ("BRI", "ipv4_only"): _rules("RFC5846-6.1.1-V", answered and "RFC5846-6.1.2-PGV"),
        ("BRI", "global_revocation"): _rules(
            "RFC5846-6.1.1-G-TRIGGER", answered and "RFC5846-6.1.2-PGV"
        ),
        ("BRA", "proxy"): ("RFC5846-6.1.2-PGV",),
        ("BRA", "ipv4_only"): "RFC 5846 asks that what is set comes back set, and no more",
        ("BRA", "global_revocation"): "RFC 5846 asks that what is set comes back set, and no more",
        ("UPN", "retransmission"): ("RFC7077-4.1-D",),
    }
    if isinstance(body, UpdateNotification) and name == "acknowledge":
        if body.acknowledge:
            return "legal: an acknowledgement that nobody asked for is not forbidden"
        return "RFC7077-5.1-A-RECOMMENDED", "RFC7077-6.1-ACK"
    return notes.get((place.kind, name), NOT_IN_CATALOGUE)


@_operator
def flags(place: Place) -> Iterator[Change]:
    """Turn each flag of the fixed part over."""
    body = place.packet.body
    for placed in Layout.of(type(body)).fields:
        if isinstance(placed.field, Flag):
            value = not getattr(body, placed.name)
            effect = _flag_effect(place, placed.name)
            name = f"{placed.field.label}={value:d}"
            yield _with_body(place, name, effect, **{placed.name: value})


RESERVED = {
    BindingUpdate: "RFC6275-6.1.7-RESERVED",
    BindingAcknowledgement: "RFC6275-6.1.8-RESERVED",
    Heartbeat: "RFC5847-3.3-RESERVED",
    BindingRevocationIndication: "RFC5846-5.1-RESERVED",
    BindingRevocationAcknowledgement: "RFC5846-5.2-RESERVED",
    UpdateNotification: "RFC7077-4.1-RESERVED",
    UpdateNotificationAcknowledgement: "RFC7077-4.2-RESERVED",
    HomeNetworkPrefix: "RFC5213-8.3-RESERVED",
    HandoffIndicator: "RFC5213-8.4-RESERVED",
    AccessTechnologyType: "RFC5213-8.5-RESERVED",
    MnLinkLayerIdentifier: "RFC5213-8.6-RESERVED",
    Ipv4HomeAddressRequest: "RFC5844-3.3.1-RESERVED",
    Ipv4HomeAddressReply: "RFC5844-3.3.2-RESERVED",
    Ipv4DefaultRouterAddress: "RFC5844-3.3.3-RESERVED",
    GreKey: "RFC5845-6.1-RESERVED",
    MagMultipathBinding: "RFC8278-4.1-MMB-RESERVED",
    MagIdentifier: "RFC8278-4.2-MAGID-RESERVED",
}
"""Where each reserved field is demanded to be zero."""


@_operator
def reserved_fields(place: Place) -> Iterator[Change]:
    """Set a bit of each reserved field, of the fixed part and of the options."""
    body = place.packet.body
    for placed in Layout.of(type(body)).fields:
        if isinstance(placed.field, Reserved):
            yield _with_body(place, "Reserved=1", (RESERVED[type(body)],), **{placed.name: 1})
    for option in _one_of_each(place):
        for placed in Layout.of(type(option)).fields:
            if isinstance(placed.field, Reserved):
                effect = (RESERVED[type(option)],)
                yield _with_option(place, option, "Reserved=1", effect, **{placed.name: 1})


def _one_of_each(place: Place) -> list[Option]:
    """Give the first option of each class."""
    return list({type(option): option for option in reversed(place.packet.options)}.values())[::-1]


# ---------------------------------------------------------------- options that are not there


def _drop_effect(place: Place, cls: type[Option]) -> Effect:
    """Tell what a message breaks that lacks all options of a class."""
    accepted = place.is_accepted and bool(place.answer)
    follows, answer = place.follows, place.answer[0].packet if place.answer else None
    if place.kind == "PBU":
        return _drop_from_request(place, cls, accepted, follows, answer)
    if place.kind == "PBA":
        return _drop_from_answer(place, cls)
    others: dict[tuple[str, type[Option]], Effect] = {
        ("Heartbeat response", RestartCounter): ("RFC5847-3.2-RC-MISSING",),
        ("Heartbeat announcement", RestartCounter): ("RFC5847-3.2-RC-MISSING",),
        ("BRI", MnIdentifier): ("RFC5846-5.1-P-MNID",),
        ("BRI", HomeNetworkPrefix): "legal: without a prefix all sessions of the node are meant",
        ("UPN", MnIdentifier): ("RFC7077-5-MNID-OR-GROUP",),
        ("UPA", MnIdentifier): ("RFC7077-6.2-MNID-OR-GROUP",),
    }
    return others.get((place.kind, cls), NOT_IN_CATALOGUE)


def _drop_from_request(
    place: Place, cls: type[Option], accepted: bool, follows: bool, answer: Packet | None
) -> Effect:
    packet = place.packet
    has_ipv4 = packet.first(Ipv4HomeAddressRequest) is not None
    if cls is MnIdentifier:
        return _rules("RFC5213-6.9.1.1-MNID", accepted and "RFC5213-5.3.1-STATUS-160")
    if cls is HandoffIndicator:
        return _rules("RFC5213-6.9.1.1-HI", accepted and "RFC5213-5.3.1-STATUS-161")
    if cls is AccessTechnologyType:
        return _rules("RFC5213-6.9.1.1-ATT", accepted and "RFC5213-5.3.1-STATUS-162")
    if cls is HomeNetworkPrefix:
        if has_ipv4:  # RFC 5844 section 3.1.2.1 lets it go without
            return _rules(
                follows and "RFC5213-6.9.1.3-HNP-ALL", accepted and "RFC5844-3.1.2.6-NO-HNP"
            )
        return _rules("RFC5213-6.9.1.1-HNP", accepted and "RFC5213-5.3.1-STATUS-158")
    if cls is Timestamp:
        return _rules(
            bool(place.earlier) and "RFC5213-6.9.1.1-TS-OR-SEQ",
            answer is not None and "RFC5213-5.3.6-TS",
            otherwise=UNANSWERED,
        )
    if cls is MnLinkLayerIdentifier:
        return _rules(
            follows and "RFC5213-6.9.1.3-SAME-OPTS",
            answer is not None and "RFC5213-5.3.6-LLID",
            otherwise=UNANSWERED,
        )
    if cls is LinkLocalAddress:
        return _rules(
            follows and "RFC5213-6.9.1.3-SAME-OPTS",
            bool(place.earlier) and "RFC5213-6.9.1.1-LLA-FIXED",
            answer is not None and "RFC5213-5.3.6-LLA",
            otherwise=UNANSWERED,
        )
    if cls is Ipv4HomeAddressRequest:
        is_bare = not packet.every(HomeNetworkPrefix)
        return _rules(
            follows and "RFC5844-3.2.3.3-REREG-ADDR",
            is_bare and "RFC5213-6.9.1.1-HNP",
            otherwise="legal: the mobile node needs no IPv4 address; " + NOT_IN_CATALOGUE,
        )
    if cls is GreKey:
        negotiated = any(
            p.kind == "PBA" and p.packet.first(GreKey) and p.care_of_address == packet.source
            for p in place.earlier
        )
        return _rules(
            place.renews and negotiated and "RFC5845-3.3.2-REREG-KEY", otherwise=MAGS_CHOICE
        )
    if cls is MagMultipathBinding:
        shows = answer is not None and answer.first(MagMultipathBinding) is not None
        is_refused = answer is not None and _status(answer) == 180
        return _rules(
            place.has_multipath_session and "RFC8278-4.4-MMB-EACH-PBU",
            is_refused and "RFC8278-4.3-180-UNSOLICITED",
            shows and not is_refused and "RFC8278-4.4-PBA-MMB-UNSOLICITED",
            otherwise=MAGS_CHOICE,
        )
    if cls is MagIdentifier:
        return ("RFC8278-4.4-MAGID-REQUIRED",)
    return NOT_IN_CATALOGUE


def _drop_from_answer(place: Place, cls: type[Option]) -> Effect:
    rejects = not place.is_accepted
    if cls is HomeNetworkPrefix:
        return ("RFC5213-5.3.6-HNP-PRESENT",)
    if cls is Ipv4DefaultRouterAddress:
        return ("RFC5844-3.1.2.6-DEFROUTER",)
    if cls is GreKey:
        before = any(p.kind == "PBA" and p.packet.first(GreKey) for p in place.earlier)
        return _rules(
            place.renews and before and "RFC5845-5.2-KEY-REPLY",
            otherwise="legal: the LMA does without GRE, as one without RFC 5845 would",
        )
    if cls is MagMultipathBinding:
        if rejects:
            is_refused = _status(place.packet) == 180
            return _rules(
                is_refused and "RFC8278-4.4-180-ECHO-MMB",
                otherwise="legal: only a rejection with 180 must echo the option",
            )
        registers, following = not place.is_deregistration, place.next_request
        wants_more = following is not None and following.first(MagMultipathBinding) is not None
        return _rules(
            registers and (place.follows or place.other_paths) and "RFC8278-4.4-PBA-MMB-REQUIRED",
            registers and wants_more and "RFC8278-4.4-LEGACY-DISABLE",
            otherwise="legal: so answers an LMA that does not support multipath",
        )
    plain: dict[type[Option], str] = {
        MnIdentifier: "RFC5213-5.3.6-MNID",
        HandoffIndicator: "RFC5213-5.3.6-HI",
        AccessTechnologyType: "RFC5213-5.3.6-ATT",
        Timestamp: "RFC5213-5.3.6-TS",
        MnLinkLayerIdentifier: "RFC5213-5.3.6-LLID",
        LinkLocalAddress: "RFC5213-5.3.6-LLA",
        Ipv4HomeAddressReply: "RFC5844-3.1.2.6-REPLY",
    }
    return (plain[cls],) if cls in plain else NOT_IN_CATALOGUE


def _status(packet: Packet) -> int | None:
    body = packet.body
    return body.status if isinstance(body, BindingAcknowledgement) else None


@_operator
def dropped_options(place: Place) -> Iterator[Change]:
    """Leave out all options of one class."""
    for option in _one_of_each(place):
        rest = [each for each in place.packet.options if type(each) is not type(option)]
        effect = _drop_effect(place, type(option))
        yield _with_options(place, f"without {option_name(option)}", effect, rest)


# -------------------------------------------------------------------- options that are too many

SINGLE = (
    MnIdentifier,
    HandoffIndicator,
    AccessTechnologyType,
    Timestamp,
    MnLinkLayerIdentifier,
    LinkLocalAddress,
)
"""RFC 5213 sections 8.1 and 8.2."""


def _duplicate_effect(place: Place, option: Option) -> Effect:
    registers = place.kind in ("PBU", "PBA")
    if isinstance(option, HomeNetworkPrefix):
        if place.kind == "PBU" and option.prefix.is_all_zero:
            return ("RFC5213-6.9.1.1-HNP-ZERO-ONCE",)
        return "the same prefix twice says nothing else than once; " + NOT_IN_CATALOGUE
    if isinstance(option, MagMultipathBinding):
        return ("RFC8278-4.1-MMB-DUP",)
    if isinstance(option, MagIdentifier):
        return ("RFC8278-4.2-MAGID-DUP",)
    if isinstance(option, Ipv4HomeAddressRequest):
        accepted = place.is_accepted and bool(place.answer)
        return _rules("RFC5844-3.2.3.1-ONE", accepted and "RFC5844-3.1.2.1-MULTI-173")
    if registers and isinstance(option, SINGLE):
        return ("RFC5213-8.1-OPT-ONCE",)
    return NOT_IN_CATALOGUE


@_operator
def duplicated_options(place: Place) -> Iterator[Change]:
    """Repeat one option."""
    for option in _one_of_each(place):
        effect = _duplicate_effect(place, option)
        operator = f"{option_name(option)} twice"
        yield _with_options(place, operator, effect, (*place.packet.options, option))


@_operator
def foreign_options(place: Place) -> Iterator[Change]:
    """Add an option that does not belong there."""
    packet, kind = place.packet, place.kind
    multipath = MagMultipathBinding(if_att=4, if_label=1, bid=1)

    def added(option: Option, effect: Effect) -> Change:
        return _with_options(
            place, f"{option_name(option)} added", effect, (*packet.options, option)
        )

    registers = kind in ("PBU", "PBA")
    if not registers:
        yield added(multipath, ("RFC8278-4.1-CTX",))
    elif kind == "PBU" and packet.first(MagMultipathBinding) is None:
        yield added(multipath, ("RFC8278-4.4-MAGID-REQUIRED",))
    elif kind == "PBA" and packet.first(MagMultipathBinding) is None and place.request:
        asked = place.asks.first(MagMultipathBinding) is not None
        effect: Effect = ("RFC8278-4.4-PBA-MMB-UNSOLICITED",)
        if asked:
            effect = "legal: as an LMA with multipath answers"
        yield added(multipath, effect)
    if kind == "PBA":
        yield added(MagIdentifier(subtype=1, identifier=b"mag"), ("RFC8278-4.4-PBA-NO-MAGID",))
        yield added(Ipv4HomeAddressRequest(), ("RFC5844-3.3-CTX",))
    if kind == "PBU":
        yield added(Ipv4HomeAddressReply(), ("RFC5844-3.3-CTX",))
        if place.is_deregistration:
            yield added(GreKey(key=7), ("RFC5845-4.2-DEREG-NOKEY",))
        if packet.first(HomeNetworkPrefix) is not None and place.names_prefix:
            rest = (HomeNetworkPrefix(prefix_length=0),)
            yield _with_options(
                place,
                "an ALL_ZERO Home Network Prefix added to others",
                ("RFC5213-6.9.1.1-HNP-ZERO-ONCE",),
                (*packet.options, *rest),
            )
    if registers and packet.first(Timestamp) is None:
        other = place.answer if kind == "PBU" else place.request
        yield added(
            Timestamp.at(place.sighting.time),
            _rules(
                kind == "PBU" and bool(place.earlier) and "RFC5213-6.9.1.1-TS-OR-SEQ",
                bool(other) and "RFC5213-5.3.6-TS",
                otherwise=UNANSWERED,
            ),
        )
    if registers and packet.first(MnLinkLayerIdentifier) is None:
        other = place.answer if kind == "PBU" else place.request
        yield added(
            MnLinkLayerIdentifier(identifier=b"\2\0\0\0\0\7"),
            _rules(bool(other) and "RFC5213-5.3.6-LLID", otherwise=UNANSWERED),
        )
    if registers:
        yield _with_options(
            place,
            "Binding Authorization Data before the rest",
            _rules(
                "RFC6275-6.2.7-AUTH-LAST",
                packet.first(MnIdentifier) is not None and "RFC4283-3.2-MNID-BEFORE-AUTH",
            ),
            (BindingAuthorizationData(authenticator=bytes(12)), *packet.options),
        )
    if kind == "PBU":
        yield added(MnGroupIdentifier(group_identifier=0), ("RFC6602-4.3-ID",))
        yield added(LmaControlledMagParameters(), ("RFC8127-3-PBA-ONLY",))
    if kind == "PBA" and place.is_accepted:
        yield added(BindingRefreshAdvice(refresh_interval=0xFFFF), ("RFC6275-6.2.4-BRA",))
        delegated = DelegatedMobileNetworkPrefix(prefix_length=56, delegated_prefix=OTHER_PREFIX)
        yield added(delegated, ("RFC7148-5.2.2-UNSOLICITED",))
    if kind == "Heartbeat request":
        yield added(RestartCounter(restart_counter=1), ("RFC5847-3.4-RC-IN-REQUEST",))
    yield added(
        OpaqueOption(type=250, data=b"\1\2\3\4"),
        "legal: an unknown option is skipped (RFC 6275 section 6.2.1)",
    )


# ------------------------------------------------------------------------- numbers of requests


@_operator
def request_numbers(place: Place) -> Iterator[Change]:
    """Change sequence number and lifetime of a PBU."""
    body = place.packet.body
    if not isinstance(body, BindingUpdate):
        return
    answered = bool(place.answer)
    in_order = place.packet.first(Timestamp) is not None
    # What the MAG with a counter per MAG, or the mobile node with one, has used already.
    used = [
        other
        for other in place.earlier
        if other.kind == "PBU" and (not in_order or other.packet.source == place.packet.source)
    ]
    for step in (1, -40):
        yield _with_body(
            place,
            f"Sequence # {step:+d}",
            _rules(
                answered and "RFC6275-10.3.1-SEQ-COPY",
                step < 0 and bool(used) and in_order and "RFC5213-6.9.1.1-SEQ-MONO",
                step < 0 and bool(used) and not in_order and "RFC6275-9.5.1-SEQ-GREATER",
                otherwise=UNANSWERED,
            ),
            sequence=(body.sequence + step) % 65536,
        )
    accepted = place.is_accepted and answered
    if body.lifetime:
        hints_end = place.handoff != Handoff.UNKNOWN
        yield _with_body(
            place,
            "Lifetime 0",
            _rules(
                hints_end and "RFC5213-6.9.1.4-HI4",
                accepted and "RFC6275-10.3.2-DEREG-LIFETIME",
                otherwise=UNANSWERED,
            ),
            lifetime=0,
        )
        yield _with_body(
            place,
            "Lifetime 4 s",
            _rules(accepted and "RFC6275-10.3.1-LIFETIME-MAX", otherwise=MAGS_CHOICE),
            lifetime=1,
        )
        yield _with_body(
            place, "Lifetime longer", MAGS_CHOICE, lifetime=min(body.lifetime * 2, 65535)
        )
    else:
        yield _with_body(
            place,
            "Lifetime of a registration in a de-registration",
            _rules(
                accepted and "RFC6275-6.1.8-ZERO-GRANT",
                bool(place.own) and place.follows and "RFC5213-6.9.1.3-HI5",
                otherwise=UNANSWERED,
            ),
            lifetime=30,
        )


@_operator
def handoff_indicators(place: Place) -> Iterator[Change]:
    """Change the Handoff Indicator of a PBU or a PBA."""
    option = place.packet.first(HandoffIndicator)
    if option is None:
        return
    echo = "RFC5213-5.3.6-ECHO" if place.answer or place.kind == "PBA" else None
    for value in (0, 1, 2, 3, 4, 5, UNASSIGNED):
        if value == option.indicator:
            continue
        is_request = place.kind == "PBU"
        registers = not place.is_deregistration
        effect = _rules(
            is_request and value in (0, UNASSIGNED) and "RFC5213-8.4-HI-RANGE",
            is_request and not registers and value != 4 and "RFC5213-6.9.1.4-HI4",
            # Of a value without a meaning nobody can say what it is wrong for.
            is_request and place.renews and 0 < value < 5 and "RFC5213-6.9.1.3-HI5",
            is_request
            and registers
            and place.is_first
            and value == 5
            and "RFC5213-6.9.1.3-HI5-INITIAL",
            echo,
            otherwise=UNANSWERED,
        )
        yield _with_option(place, option, f"HI={value}", effect, indicator=value)


# ---------------------------------------------------------------------- contents of options


@_operator
def identities(place: Place) -> Iterator[Change]:
    """Change who, by what access and from which link: all that a PBA echoes."""
    packet, kind = place.packet, place.kind
    echoed = _rules(
        (bool(place.answer) or kind == "PBA") and "RFC5213-5.3.6-ECHO", otherwise=UNANSWERED
    )
    node = packet.first(MnIdentifier)
    if node is not None:
        effect = echoed
        if kind == "BRI":
            effect = LMAS_CHOICE
        elif kind == "UPN":
            effect = _if_answered(place, "RFC7077-6.2-MNID-OR-GROUP", otherwise=LMAS_CHOICE)
        elif kind == "UPA":
            effect = ("RFC7077-6.2-MNID-OR-GROUP",)
        other = bytes((node.identifier[0] ^ 1,)) + node.identifier[1:]
        yield _with_option(place, node, "another node", effect, identifier=other)
        if kind == "BRI":
            yield _with_option(place, node, "subtype 2", ("RFC5846-5.1-MNID-SUBTYPE",), subtype=2)
    access = packet.first(AccessTechnologyType)
    if access is not None:
        other_access = 5 if access.access_technology != 5 else 4
        yield _with_option(place, access, "another ATT", echoed, access_technology=other_access)
        ranged = ("RFC5213-8.5-ATT-RANGE",) if kind == "PBU" else ()
        for value in (0, UNASSIGNED):
            rules = (*ranged, *(echoed if isinstance(echoed, tuple) else ()))
            yield _with_option(
                place, access, f"ATT={value}", rules or UNANSWERED, access_technology=value
            )
    link = packet.first(MnLinkLayerIdentifier)
    if link is not None:
        other = bytes((link.identifier[0] ^ 4,)) + link.identifier[1:]
        yield _with_option(place, link, "another identifier", echoed, identifier=other)
        if kind == "PBU":
            zero = bytes(len(link.identifier))
            rules = ("RFC5213-6.9.1.1-LLID-ZERO", *(echoed if isinstance(echoed, tuple) else ()))
            yield _with_option(place, link, "all zero", rules, identifier=zero)


@_operator
def link_local_addresses(place: Place) -> Iterator[Change]:
    """Change the Link-local Address option."""
    option = place.packet.first(LinkLocalAddress)
    if option is None:
        return
    asked = place.asks.first(LinkLocalAddress)
    answered = bool(place.answer) or place.kind == "PBA"
    is_named = asked is not None and any(asked.address)
    yield _with_option(
        place,
        option,
        "a global address",
        _rules("RFC5213-8.7-LLA", answered and is_named and "RFC5213-5.3.6-LLA"),
        address=OTHER_ADDRESS,
    )
    if place.kind == "PBA" and place.is_accepted:
        yield _with_option(place, option, "::", ("RFC5213-5.3.6-LLA",), address=ALL_ZERO)
        other = b"\xfe\x80" + bytes(13) + b"\x99"
        stored = place.renews and not is_named
        yield _with_option(
            place,
            option,
            "another link-local address",
            _rules(
                is_named and "RFC5213-5.3.6-LLA",
                stored and "RFC5213-5.3.6-LLA-STORED",
                otherwise=LMAS_CHOICE,
            ),
            address=other,
        )


@_operator
def prefixes(place: Place) -> Iterator[Change]:
    """Change a Home Network Prefix."""
    option = place.packet.first(HomeNetworkPrefix)
    if option is None or place.kind not in ("PBU", "PBA"):
        return
    changed = partial(_with_option, place, option)
    accepted = place.is_accepted and bool(place.answer or place.request)
    rejected = not place.is_accepted and bool(place.answer or place.request)
    follows = place.follows
    if place.kind == "PBU":
        other = _rules(
            follows and "RFC5213-6.9.1.3-HNP-ALL",
            accepted and not place.is_deregistration and "RFC5213-5.3.6-HNP-ACCEPT",
            rejected and "RFC5213-5.3.6-HNP-REJECT",
            otherwise=MAGS_CHOICE,
        )
        if not option.prefix.is_all_zero and not place.is_deregistration:
            others = place.other_paths and place.bid is not None and not place.renews
            yield changed(
                "ALL_ZERO",
                _rules(
                    follows and place.renews and "RFC5213-6.9.1.3-HNP-ALL",
                    others and "RFC8278-3.1-HNP-2ND-PATH",
                    rejected and "RFC5213-5.3.6-HNP-REJECT",
                    otherwise=MAGS_CHOICE,
                ),
                home_network_prefix=ALL_ZERO,
                prefix_length=0,
            )
    else:
        other = _rules(
            accepted and place.names_prefix and "RFC5213-5.3.6-HNP-ACCEPT",
            accepted and place.names_prefix and place.other_paths and "RFC8278-3.1-PBA-HNP-SAME",
            rejected and "RFC5213-5.3.6-HNP-REJECT",
            otherwise=LMAS_CHOICE,
        )
        if accepted and not place.is_deregistration:
            yield changed(
                "ALL_ZERO",
                ("RFC5213-5.3.6-HNP-ACCEPT",),
                home_network_prefix=ALL_ZERO,
                prefix_length=0,
            )
    yield changed("another prefix", other, home_network_prefix=OTHER_PREFIX, prefix_length=64)
    if not option.prefix.is_all_zero:
        tail = option.home_network_prefix[:15] + b"\1"
        yield changed(
            "bits behind its length", ("RFC5213-8.3-PREFIXLEN",), home_network_prefix=tail
        )
        yield changed("length 129", ("RFC5213-8.3-PREFIXLEN",), prefix_length=129)


def _last_accepted(place: Place) -> int | None:
    """Give the last timestamp that the LMA accepted for a session that it still holds."""
    stamps = [
        other.packet.first(Timestamp)
        for other in place.earlier
        if other.kind == "PBU"
        and other.is_accepted
        and other.packet.destination == place.packet.destination
    ]
    known = [stamp.timestamp for stamp in stamps if stamp is not None]
    return max(known, default=None) if place.held else None


@_operator
def timestamps(place: Place) -> Iterator[Change]:
    """Change a Timestamp."""
    option = place.packet.first(Timestamp)
    if option is None:
        return
    accepted = place.is_accepted and bool(place.answer or place.request)
    if place.kind == "PBA":
        if accepted:
            value = option.timestamp + 1
            yield _with_option(
                place, option, "another time", ("RFC5213-5.5-TS-VALUE",), timestamp=value
            )
        asked = place.asks.first(Timestamp)
        if _status(place.packet) in (156, 157) and asked is not None:
            changed = partial(_with_option, place, option)
            stale = asked.timestamp
            yield changed("that of the PBU", ("RFC5213-5.5-TS-CURRENT",), timestamp=stale)
            hour = option.timestamp - 3600 * 65536
            yield changed("an hour ago", "not visible: the LMA's clock is its own", timestamp=hour)
        return
    copied = accepted and "RFC5213-5.5-TS-VALUE"
    last = _last_accepted(place)
    yield _with_option(
        place,
        option,
        "some milliseconds later",
        _rules(copied, otherwise=MAGS_CHOICE),
        timestamp=option.timestamp + 100,
    )
    for hours in (-1, 1):
        yield _with_option(
            place,
            option,
            f"{hours:+d} h",
            _rules(
                accepted and hours < 0 and last is not None and "RFC5213-5.5-TS-ORDER",
                "RFC5213-5.5-TS-WINDOW",
                copied,
            ),
            timestamp=option.timestamp + hours * 3600 * 65536,
        )
    if last is not None:
        yield _with_option(
            place,
            option,
            "that of the request accepted before",
            _rules(accepted and "RFC5213-5.5-TS-EQUAL", copied, otherwise=UNANSWERED),
            timestamp=last,
        )


@_operator
def multipath_bindings(place: Place) -> Iterator[Change]:
    """Change the MAG Multipath Binding option."""
    option = place.packet.first(MagMultipathBinding)
    if option is None:
        return
    reply = place.answer[0].packet if place.answer else place.packet
    both = place.asks.first(MagMultipathBinding) and reply.first(MagMultipathBinding)
    status = _status(reply)
    differs = None
    if both and status is not None:
        differs = "RFC8278-4.4-PBA-MMB-MISMATCH" if status < 128 else None
        differs = "RFC8278-4.4-180-ECHO-MMB" if status == 180 else differs
    changed = partial(_with_option, place, option)
    is_request, ends = place.kind == "PBU", place.is_deregistration
    shown = place.renews or (ends and place.follows)
    bulk, overwrite = option.bulk, option.overwrite
    new_bulk = is_request and not bulk and not ends
    yield changed(
        f"B={not bulk:d}",
        _rules(
            not bulk and overwrite and "RFC8278-4.1-BO-EXCLUSIVE",
            is_request and ends and not bulk and "RFC8278-4.1-B-DEREG",
            new_bulk
            and not place.other_paths
            and place.is_alone
            and not overwrite
            and "RFC8278-4.1-B-UNKNOWN",
            differs,
            otherwise=MAGS_CHOICE,
        ),
        bulk=not bulk,
    )
    new_overwrite = is_request and not overwrite and not ends and not bulk
    yield changed(
        f"O={not overwrite:d}",
        _rules(
            not overwrite and bulk and "RFC8278-4.1-BO-EXCLUSIVE",
            is_request and ends and not overwrite and "RFC8278-4.1-O-DEREG",
            new_overwrite and not place.other_paths and place.is_alone and "RFC8278-4.1-O-NOOP",
            differs,
            otherwise=MAGS_CHOICE,
        ),
        overwrite=not overwrite,
    )
    for bid in (0, 255):
        yield changed(f"BID={bid}", _rules("RFC8278-4.1-BID-RANGE", differs), bid=bid)
    yield changed(
        "another BID",
        _rules(
            differs,
            is_request and not ends and place.renews and "RFC8278-4.1-COA-REUSE",
            otherwise=MAGS_CHOICE,
        ),
        bid=option.bid + 100,
    )
    if is_request and place.other_paths and not ends:
        taken = next(held.bid for held in place.own if held.bid not in (None, option.bid))
        yield changed("the BID of another path", _rules(differs, otherwise=MAGS_CHOICE), bid=taken)
    for value in (0, UNASSIGNED):
        yield changed(f"If-ATT={value}", _rules("RFC8278-4.1-IFATT-RANGE", differs), if_att=value)
    stable = is_request and shown and "RFC8278-4.1-LABEL-STABLE"
    yield changed(
        "another If-ATT",
        _rules(differs, stable, otherwise=MAGS_CHOICE),
        if_att=3 if option.if_att != 3 else 4,
    )
    yield changed(
        "another If-Label",
        _rules(differs, stable, otherwise=MAGS_CHOICE),
        if_label=option.if_label + 100,
    )


@_operator
def mag_identifiers(place: Place) -> Iterator[Change]:
    """Change the MAG Identifier option."""
    option = place.packet.first(MagIdentifier)
    if option is None:
        return
    changed = partial(_with_option, place, option)
    yield changed("empty", ("RFC8278-4.2-MAGID-LENGTH",), identifier=b"")
    yield changed("unassigned subtype", ("RFC8278-4.2-MAGID-SUBTYPE",), subtype=UNASSIGNED)
    yield changed(
        "an IPv6 address of 5 octets",
        ("RFC8278-4.2-MAGID-SUBTYPE",),
        subtype=2,
        identifier=option.identifier[:5],
    )
    yield changed(
        "another MAG",
        _rules(place.has_multipath_session and "RFC8278-4.2-MAGID-STABLE", otherwise=MAGS_CHOICE),
        identifier=b"x" + option.identifier,
    )


@_operator
def ipv4_and_gre(place: Place) -> Iterator[Change]:
    """Change the options of RFC 5844 and RFC 5845."""
    request = place.packet.first(Ipv4HomeAddressRequest)
    accepted = place.is_accepted and bool(place.answer or place.request)
    if request is not None and place.kind == "PBU":
        yield _with_option(
            place,
            request,
            "another address",
            _rules(
                place.follows and "RFC5844-3.2.3.3-REREG-ADDR",
                accepted and not place.is_deregistration and "RFC5844-3.1.2.6-REPLY-OK",
                bool(place.answer) and not accepted and "RFC5844-3.1.2.6-REPLY-REJECT",
                otherwise=MAGS_CHOICE,
            ),
            home_address=OTHER_IPV4,
            prefix_length=24,
        )
    reply = place.packet.first(Ipv4HomeAddressReply)
    if reply is not None:
        asked = place.asks.first(Ipv4HomeAddressRequest)
        named = asked is not None and any(asked.home_address)
        changed = partial(_with_option, place, reply)
        yield changed(
            "another address",
            _rules(
                accepted and named and not place.is_deregistration and "RFC5844-3.1.2.6-REPLY-OK",
                not accepted and "RFC5844-3.1.2.6-REPLY-REJECT",
                otherwise=LMAS_CHOICE,
            ),
            home_address=OTHER_IPV4,
        )
        if accepted:
            yield changed("Status 128", ("RFC5844-3.1.2.6-STATUS",), status=128)
            if not place.is_deregistration:
                yield changed("0.0.0.0", ("RFC5844-3.1.2.6-REPLY-OK",), home_address=bytes(4))
    key = place.packet.first(GreKey)
    if key is not None and key.key is not None:
        before = any(p.kind == "PBA" and p.packet.first(GreKey) for p in place.earlier)
        stable = place.kind == "PBA" and place.renews and before
        yield _with_option(
            place,
            key,
            "another key",
            _rules(
                stable and "RFC5845-3.3.2-UPKEY-STABLE",
                otherwise="legal: the one who receives the traffic chooses its key",
            ),
            key=key.key ^ 1,
        )
        if place.kind == "PBA":
            yield _with_option(place, key, "without a key", ("RFC5845-5.2-KEY-REPLY",), key=None)


# --------------------------------------------------------------------------------- answers


def _accepted_to(place: Place, status: int) -> Effect:
    """Tell what an accepting PBA breaks that says another status."""
    request, packet = place.asks, place.packet
    ends, multipath = place.is_deregistration, request.first(MagMultipathBinding) is not None
    router = packet.first(Ipv4DefaultRouterAddress) is not None and "RFC5844-3.1.2.6-DEFROUTER"
    if status < 128:
        addresses = {held.care_of_address for held in place.own}
        return _rules(
            ends and "RFC5213-5.3.5-DEREG-STATUS",
            not ends and not place.held and "RFC5213-5.3.2-STATUS0",
            not ends and place.care_of_address in addresses and "RFC5213-5.3.3-STATUS0",
            not ends
            and bool(addresses)
            and not addresses & place.addresses
            and "RFC5213-5.3.4-STATUS0",
            status == 2 and packet.first(GreKey) is not None and "RFC5845-5.2-NOTREQ",
            router,
            otherwise="not visible: what the request was to the LMA is open",
        )
    asked = [option.prefix for option in request.every(HomeNetworkPrefix)]
    given = [option.prefix for option in packet.every(HomeNetworkPrefix)]
    reply = packet.first(Ipv4HomeAddressReply)
    wanted = request.first(Ipv4HomeAddressRequest)
    keeps_ipv4 = reply is None or wanted is None or reply.home_address == wanted.home_address
    stamped, following = request.first(Timestamp) is not None, place.next_request
    local, wanted_local = packet.first(LinkLocalAddress), request.first(LinkLocalAddress)
    return _rules(
        sorted(asked) != sorted(given) and "RFC5213-5.3.6-HNP-REJECT",
        not keeps_ipv4 and "RFC5844-3.1.2.6-REPLY-REJECT",
        router,
        local != wanted_local and "RFC5213-5.3.6-LLA",
        status in (128, 129)
        and multipath
        and not ends
        and not place.own
        and "RFC8278-4.3-REJECT-CODE",
        status == 135 and stamped and "RFC5213-5.5-SEQ-IGNORED-TS",
        status == 135 and not stamped and bool(place.held) and "RFC6275-9.5.1-135-LASTSEQ",
        status == 152 and following is not None and "RFC5213-6.9.1.2-152-STOP",
        status == 155
        and place.names_prefix
        and not ends
        and following is not None
        and any(option.prefix in asked for option in following.every(HomeNetworkPrefix))
        and "RFC5213-6.9.1.2-155-SAME",
        status == 157 and stamped and place.follows and "RFC5213-5.5-157-BOGUS",
        status == 158 and wanted is not None and "RFC5844-3.1.2.1-158",
        status == 180 and not multipath and "RFC8278-4.3-180-UNSOLICITED",
        status == 180 and multipath and ends and "RFC8278-4.3-180-DEREG",
        status == 180
        and multipath
        and not ends
        and place.has_multipath_session
        and "RFC8278-4.4-180-CONTRADICT",
        status == 180
        and multipath
        and not ends
        and following is not None
        and following.first(MagMultipathBinding) is not None
        and "RFC8278-4.4-180-DISABLE",
        otherwise="not visible: the LMA's reason to reject is its own",
    )


@_operator
def answers(place: Place) -> Iterator[Change]:
    """Change status, sequence number and lifetime of a PBA."""
    body = place.packet.body
    if not isinstance(body, BindingAcknowledgement) or not place.request:
        return
    ends = place.is_deregistration
    if body.accepted:
        for status in (1, 2, 128, 129, 135, 152, 155, 156, 157, 158, 180, UNASSIGNED):
            yield _with_body(
                place, f"accepted, Status {status}", _accepted_to(place, status), status=status
            )
    else:
        unnamed = place.asks.every(HomeNetworkPrefix) and not place.names_prefix
        yield _with_body(
            place,
            "rejected, Status 0",
            _rules(
                not ends and "RFC6275-6.1.8-ZERO-GRANT",
                bool(unnamed) and not ends and "RFC5213-5.3.6-HNP-ACCEPT",
                otherwise=LMAS_CHOICE,
            ),
            status=0,
        )
    for step in (1, -40):
        yield _with_body(
            place,
            f"Sequence # {step:+d}",
            ("RFC6275-10.3.1-SEQ-COPY",),
            sequence=(body.sequence + step) % 65536,
        )
    asked = place.asks.body
    assert isinstance(asked, BindingUpdate)
    if ends and body.accepted:
        yield _with_body(place, "Lifetime not 0", ("RFC6275-10.3.2-DEREG-LIFETIME",), lifetime=30)
    elif body.accepted:
        longer = min(asked.lifetime + 10, 65535)
        yield _with_body(
            place, "Lifetime longer", ("RFC6275-10.3.1-LIFETIME-MAX",), lifetime=longer
        )
        yield _with_body(place, "Lifetime 0", ("RFC6275-6.1.8-ZERO-GRANT",), lifetime=0)
        half = max(body.lifetime // 2, 1)
        yield _with_body(place, "Lifetime shorter", LMAS_CHOICE, lifetime=half)


# -------------------------------------------------- heartbeat, revocation, notification


@_operator
def heartbeats(place: Place) -> Iterator[Change]:
    """Change sequence number and Restart Counter of a Heartbeat."""
    body = place.packet.body
    if not isinstance(body, Heartbeat):
        return
    effect: Effect = ("RFC5847-3-SEQ",)
    if place.kind == "Heartbeat announcement":
        yield _with_body(place, "Sequence Number", NOT_IN_CATALOGUE, sequence=body.sequence + 40)
    elif place.kind == "Heartbeat response" or place.answer:
        yield _with_body(place, "Sequence Number", effect, sequence=body.sequence + 40)
    else:
        yield _with_body(place, "Sequence Number", UNANSWERED, sequence=body.sequence + 40)
    counter = place.packet.first(RestartCounter)
    if counter is None:
        return
    rises = "RFC5847-3.2-RESTART-EVENT"
    falls = "RFC5847-3.2-RESTART-MONO"
    before, after = bool(place.peers), bool(place.peers_later)
    own = counter.restart_counter
    for step, first, second in ((1, rises, falls), (-1, falls, rises)):
        effect = _rules(before and first, after and second, otherwise=UNANSWERED)
        operator = "higher" if step > 0 else "lower"
        yield _with_option(place, counter, operator, effect, restart_counter=own + step)


@_operator
def revocations(place: Place) -> Iterator[Change]:
    """Change the numbers of a BRI and a BRA."""
    body = place.packet.body
    if isinstance(body, BindingRevocationIndication):
        yield _with_body(
            place,
            "Sequence #",
            _if_answered(place, "RFC5846-6.1.2-SEQ"),
            sequence=(body.sequence + 40) % 65536,
        )
        yield _with_body(place, "R. Trigger 128", ("RFC5846-6.1.1-G-TRIGGER",), trigger=128)
        yield _with_body(place, "another R. Trigger of one node", LMAS_CHOICE, trigger=0)
        yield Change(
            operator="B.R. Type 3", effect=("RFC5846-5-TYPE",), edit=partial(_set, at=6, to=3)
        )
    elif isinstance(body, BindingRevocationAcknowledgement):
        yield _with_body(
            place, "Sequence #", ("RFC5846-6.1.2-SEQ",), sequence=(body.sequence + 40) % 65536
        )
        yield _with_body(place, "another Status", MAGS_CHOICE, status=130 if body.accepted else 0)
        yield Change(
            operator="B.R. Type 3", effect=("RFC5846-5-TYPE",), edit=partial(_set, at=6, to=3)
        )


@_operator
def notifications(place: Place) -> Iterator[Change]:
    """Change the numbers of a UPN and a UPA."""
    body = place.packet.body
    if isinstance(body, UpdateNotification):
        before = any(other.kind == "UPN" for other in place.earlier)
        for step in (40, -40):
            yield _with_body(
                place,
                f"Sequence # {step:+d}",
                _rules(
                    bool(place.answer) and "RFC7077-6.2-SEQ",
                    step < 0 and before and not body.retransmission and "RFC7077-5.1-SEQ-MONO",
                    otherwise=UNANSWERED,
                ),
                sequence=(body.sequence + step) % 65536,
            )
        yield _with_body(place, "Notification Reason 0", ("RFC7077-4.1-REASON",), reason=0)
        yield _with_body(
            place, "Notification Reason ANI-PARAMS-REQUESTED", ("RFC7077-6.1-ANI",), reason=4
        )
        yield _with_body(
            place,
            "Notification Reason VENDOR-SPECIFIC-REASON",
            _if_answered(place, "RFC7077-6.1-VENDOR", otherwise=UNANSWERED),
            reason=3,
        )
    elif isinstance(body, UpdateNotificationAcknowledgement):
        yield _with_body(
            place, "Sequence #", ("RFC7077-6.2-SEQ",), sequence=(body.sequence + 40) % 65536
        )
        yield _with_body(
            place, "another Status Code", MAGS_CHOICE, status=128 if not body.status else 0
        )


# ----------------------------------------------------------------------- header and octets


def _set(octets: bytes, *, at: int, to: int) -> bytes:
    return octets[:at] + bytes((to,)) + octets[at + 1 :]


def _corrected(payload: bytes, source: bytes, destination: bytes) -> bytes:
    checksum = mobility_header_checksum(source, destination, payload)
    return payload[:4] + checksum.to_bytes(2) + payload[6:]


@_operator
def headers(place: Place) -> Iterator[Change]:
    """Change the head of the Mobility Header."""
    over_udp = place.packet.ports is not None

    def change(operator: str, rule: str, edit: Callable[[bytes], bytes], **more: bool) -> Change:
        return Change(operator=operator, effect=(rule,), edit=edit, **more)  # type: ignore[arg-type]

    def spoil(octets: bytes) -> bytes:
        return _set(octets, at=5, to=octets[5] ^ 0x5A)

    if not over_udp:
        yield change("Checksum", "RFC6275-9.2-CHECKSUM", spoil, corrects=False)
    elif place.kind == "PBU":
        yield change("Checksum", "RFC5844-4.2.2.1-CKSUM-ZERO", spoil, corrects=False)
    elif place.kind == "PBA":
        yield change("Checksum", "RFC5844-4.1.3.2-CKSUM-ZERO", spoil, corrects=False)
    yield change("Payload Proto 6", "RFC6275-9.2-PAYLOAD-PROTO", partial(_set, at=0, to=6))
    yield change("Reserved=1", "RFC6275-6.1.1-RESERVED", partial(_set, at=3, to=1))
    yield change("MH Type 200", "RFC6275-9.2-MHTYPE", partial(_set, at=2, to=200))
    yield change(
        "Header Len too long",
        "RFC6275-6.1.1-LEN-EXCEEDS",
        lambda octets: _set(octets, at=1, to=octets[1] + 2),
    )
    if place.kind != "BRA":  # which has 12 octets at most, and no need for more than it says
        yield change("Header Len 0", "RFC6275-9.2-HDRLEN", partial(_set, at=1, to=0))


def _options_of(octets: bytes, body: Body) -> Iterator[tuple[int, int, int]]:
    """Give offset, type and length with its head of each option."""
    position = 6 + Layout.of(type(body)).size
    while position < len(octets):
        size = 1 if octets[position] == 0 else 2 + octets[position + 1]
        yield position, octets[position], size
        position += size


@_operator
def padding(place: Place) -> Iterator[Change]:
    """Change padding, and where options stand."""
    octets, body = place.sighting.payload, place.packet.body
    options = list(_options_of(octets, body))
    padn = next((o for o in options if o[1] == 1 and o[2] > 2), None)
    if padn is not None:
        start, _, size = padn
        yield Change(
            operator="PadN not zero",
            effect=("RFC6275-6.2.3-PADN-ZERO",),
            edit=partial(_set, at=start + 2, to=0xAA),
        )
        yield Change(
            operator="Pad1 in place of PadN",
            effect=("RFC6275-6.2.2-PAD1-RUN",),
            edit=lambda octets: octets[:start] + bytes(size) + octets[start + size :],
        )
    aligned = [
        start for start, number, _ in options if number > 1 and _alignment(number) is not None
    ]
    shifted = any(
        (start + 2) % _multiple(octets[start]) != _alignment(octets[start]) for start in aligned
    )
    if aligned:
        first = 6 + Layout.of(type(body)).size

        def shift(octets: bytes) -> bytes:
            return octets[:first] + b"\1\0" + octets[first:] + b"\1\4" + bytes(4)

        def grow(octets: bytes) -> bytes:
            moved = shift(octets)
            return _set(moved, at=1, to=len(moved) // 8 - 1)

        effect: Effect = ("RFC6275-6.2-ALIGN",) if shifted else "no option stands amiss"
        yield Change(operator="options two octets further", effect=effect, edit=grow)
    real = [o for o in options if o[1] > 1]
    if real:
        start, _, size = real[-1]
        room = len(octets) - start
        yield Change(
            operator="last option runs past the end",
            effect=("RFC6275-6.2-OPT-OVERRUN",),
            edit=partial(_set, at=start + 1, to=room),
        )


def _alignment(number: int) -> int | None:
    declared = MOBILITY_OPTIONS.types.get(number)
    return declared.alignment[1] if declared and declared.alignment else None


def _multiple(number: int) -> int:
    declared = MOBILITY_OPTIONS.types[number]
    assert declared.alignment is not None
    return declared.alignment[0]


@_operator
def option_lengths(place: Place) -> Iterator[Change]:
    """Make each option of a fixed length longer or shorter."""
    for option in _one_of_each(place):
        declared = option_type(option)
        content = MOBILITY_OPTIONS.encode_one(option)[2:]
        if declared is None or not declared.length.exact:
            continue
        rule = "RFC6275-6.2-OPT-LENGTH"
        if isinstance(option, MagMultipathBinding):
            rule = "RFC8278-4.1-MMB-LENGTH"
        for what, data in (("longer", content + bytes(2)), ("shorter", content[:-1])):
            opaque = OpaqueOption(type=option.number, data=data)
            options = (opaque if each is option else each for each in place.packet.options)
            yield _with_options(place, f"{option_name(option)}, {what}", (rule,), options)


# --------------------------------------------------------------------- addresses and ports


@_operator
def addresses(place: Place) -> Iterator[Change]:
    """Change the addresses of a message."""
    packet, kind = place.packet, place.kind
    answered = bool(place.answer)
    other = OTHER_ADDRESS if packet.ports is None else OTHER_IPV4

    def change(operator: str, effect: Effect, **fields: bytes) -> Change:
        return Change(operator=operator, effect=effect, packet=replace(packet, **fields))

    swapped: dict[str, tuple[Effect, Effect]] = {
        # of the source, of the destination
        "PBU": (
            _if_answered(place, "RFC5213-5.3.6-ADDR"),
            _if_answered(place, "RFC5213-5.3.6-ADDR"),
        ),
        "PBA": (("RFC5213-5.3.6-ADDR",), ("RFC5213-5.3.6-ADDR",)),
        "UPN": (
            _if_answered(place, "RFC7077-6.2-ADDR"),
            _if_answered(place, "RFC7077-6.2-ADDR"),
        ),
        "UPA": (("RFC7077-6.2-ADDR",), ("RFC7077-6.2-ADDR",)),
        "BRI": (_if_answered(place, "RFC5846-6.1.2-DST"), NOT_IN_CATALOGUE),
        "BRA": (NOT_IN_CATALOGUE, ("RFC5846-6.1.2-DST",)),
    }
    source, destination = swapped.get(kind, (NOT_IN_CATALOGUE, NOT_IN_CATALOGUE))
    if kind == "PBA" and packet.ports is not None:
        source = ("RFC5213-5.3.6-ADDR", "RFC5844-4.1.3.2-SRC")
    turned: dict[str, Effect] = {
        "UPN": ("RFC7077-4.1-DIR",),
        "UPA": ("RFC7077-4.2-DIR",),
        "BRI": ("RFC5846-9.2-MAG",),
    }
    if kind in turned:
        yield change(
            "the other way", turned[kind], source=packet.destination, destination=packet.source
        )
    yield change("another source", source, source=other)
    yield change("another destination", destination, destination=other)
    if kind == "PBU" and packet.ports is None:
        swap = answered and "RFC5213-5.3.6-ADDR"
        group = b"\xff\x02" + bytes(13) + b"\1"
        yield change(
            "link-local source",
            _rules("RFC5213-6.9.1.5-SRC", swap),
            source=b"\xfe\x80" + bytes(13) + b"\1",
        )
        yield change("multicast source", _rules("RFC6275-6.1.7-COA-UNICAST", swap), source=group)
        yield change(
            "multicast destination", _rules("RFC5213-6.9.1.5-DST", swap), destination=group
        )


@_operator
def ports(place: Place) -> Iterator[Change]:
    """Change UDP ports and checksum (RFC 5844 section 4)."""
    packet, kind = place.packet, place.kind
    if packet.ports is None or kind not in ("PBU", "PBA"):
        return
    source, destination = packet.ports

    def change(operator: str, effect: Effect, pair: tuple[int, int]) -> Change:
        return Change(operator=operator, effect=effect, packet=replace(packet, ports=pair))

    if kind == "PBU":
        yield change(
            "source port",
            _if_answered(place, "RFC5844-4.1.3.2-PORTS", otherwise=MAGS_CHOICE),
            (40000, destination),
        )
        yield change("destination port", ("RFC5844-4.2.2.1-DPORT",), (source, 40000))
    else:
        yield change("source port", ("RFC5844-4.1.3.2-PORTS",), (40000, destination))
        yield change("destination port", ("RFC5844-4.1.3.2-PORTS",), (source, 40000))

    def unchecked(frame: Frame) -> list[Frame]:
        data = frame.data
        start = 14 + (data[14] & 15) * 4
        return [replace(frame, data=data[: start + 6] + b"\0\0" + data[start + 8 :])]

    yield Change(operator="UDP checksum 0", effect=("RFC5844-4-UDP-CKSUM",), around=unchecked)


@_operator
def extension_headers(place: Place) -> Iterator[Change]:
    """Put the extension headers of Mobile IPv6 before a PBU and a PBA."""
    packet = place.packet
    if packet.ports is not None:
        return

    def within(number: int, build: Callable[[int, bytes, bytes], bytes]) -> Change:
        def around(frame: Frame) -> list[Frame]:
            # The checksum covers the home address (RFC 6275 section 6.1.1, RFC 8200 8.1).
            source, destination = _ends(packet)
            if number == DESTINATION_OPTIONS:
                source = OTHER_ADDRESS
            else:
                destination = OTHER_ADDRESS
            payload = _corrected(frame.data[54:], source, destination)
            inner = build(MOBILITY_HEADER, payload, OTHER_ADDRESS)
            outer = ipv6(*_ends(packet), number, inner, hop_limit=frame.data[21])
            data = frame.data[:14] + outer
            return [replace(frame, data=data, original_length=len(data))]

        is_option = number == DESTINATION_OPTIONS
        return Change(
            operator="Home Address option" if is_option else "type 2 Routing header",
            effect=("RFC5213-6.9.1.5-NO-HOA" if is_option else "RFC5213-5.3.6-NO-RH2",),
            around=around,
        )

    if place.kind == "PBU":
        yield within(DESTINATION_OPTIONS, home_address)
    elif place.kind == "PBA":
        yield within(ROUTING, routing_type_2)


# ------------------------------------------------------------------------- whole messages


def _later(frame: Frame, seconds: float) -> Frame:
    return replace(frame, time=(frame.time or 0) + round(seconds * SECOND))


@_operator
def absent_messages(place: Place) -> Iterator[Change]:
    """Leave a message out; so does a capture that lost it, and no more can be said."""
    effects: dict[str, Effect] = {
        "PBA": _rules(bool(place.request) and "RFC6275-9.5.4-ACK", otherwise=LOST),
        "BRA": ("RFC5846-6.1.2-ACK",),
        "UPA": ("RFC7077-6.1-ACK",),
        "Heartbeat response": _rules(bool(place.request) and "RFC5847-3-RESPOND", otherwise=LOST),
    }
    yield Change(
        operator="not there", effect=effects.get(place.kind, LOST), around=lambda frame: []
    )


@_operator
def repeated_messages(place: Place) -> Iterator[Change]:
    """Send a message once more, as its sender must not."""
    packet, body = place.packet, place.packet.body

    def again(operator: str, effect: Effect, seconds: float, *, changed: Body | None) -> Change:
        def around(frame: Frame) -> list[Frame]:
            if changed is None:
                return [frame, _later(frame, seconds)]
            other = replace(packet, body=changed)
            payload = encode(
                changed,
                packet.options,
                source=packet.source,
                destination=packet.destination,
                checksum=0 if packet.ports else None,
            )
            second = frame_of(replace(place.sighting, packet=other, payload=payload), 0)
            return [frame, _later(second, seconds)]

        return Change(operator=operator, effect=effect, around=around)

    if isinstance(body, BindingUpdate):
        unordered = packet.first(Timestamp) is None
        yield again(
            "again after 0.6 s, the same",
            _rules("RFC6275-11.8-FRESH-SEQ", unordered and "RFC6275-9.5.1-SEQ-GREATER"),
            0.6,
            changed=None,
        )
    elif isinstance(body, Heartbeat) and not body.response:
        yield again(
            "another one after 5 s",
            ("RFC5847-3-INTERVAL", "RFC5847-3-RESPOND"),
            5,
            changed=replace(body, sequence=body.sequence + 1),
        )
    elif isinstance(body, UpdateNotification):
        if not body.retransmission and body.acknowledge and not place.answer:
            yield again(
                "again after 0.4 s, D=0",
                ("RFC7077-4.1-D", "RFC7077-5.2-RETX-DELAY"),
                0.4,
                changed=None,
            )
    elif isinstance(body, BindingRevocationIndication) and not place.answer:
        yield again("again after 0.4 s", ("RFC5846-6.3-RETX",), 0.4, changed=None)


@_operator
def early_messages(place: Place) -> Iterator[Change]:
    """Send a retransmission too early, or with the order of the attempt before."""
    packet, body = place.packet, place.packet.body
    if not isinstance(body, BindingUpdate) or not place.earlier:
        return
    before = place.earlier[-1]
    same = [type(option) for option in packet.options] == [
        type(option) for option in before.packet.options
    ]
    is_repeated = (
        isinstance(before.packet.body, BindingUpdate)
        and before.packet.body.lifetime == body.lifetime
        and before.care_of_address == packet.source
        and before.handoff == place.handoff
        and before.bid == place.bid
        and same
        and not before.answer
        and place.sighting.time - before.sighting.time < 2.5 * SECOND
    )
    if not is_repeated:
        return

    def hasten(frame: Frame) -> list[Frame]:
        return [replace(frame, time=before.sighting.time + 3 * SECOND // 10)]

    yield Change(
        operator="retransmitted after 0.3 s", effect=("RFC6275-11.8-BACKOFF",), around=hasten
    )
    stamp, last = packet.first(Timestamp), before.packet.first(Timestamp)
    if stamp is not None and last is not None:
        yield _with_option(
            place,
            stamp,
            "that of the attempt before",
            _rules("RFC6275-11.8-FRESH-SEQ", bool(place.answer) and "RFC5213-5.5-TS-VALUE"),
            timestamp=last.timestamp,
        )
