"""The messages of a run, each with what was true when the LMA met it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.model import SECOND, Body
from pmiptrace.simulation.lma import Held
from pmiptrace.simulation.network import Packet, Sighting, Vantage
from pmiptrace.simulation.run import Run
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate, Heartbeat
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import HandoffIndicator, HomeNetworkPrefix
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding


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


def places_of(run: Run, vantage: Vantage) -> list[Place]:
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
        held = [
            held
            for held in run.ground_truth(sighting.time - 1)
            if node and held.mobile_node.octets == node.identifier and held.lma in _ends(packet)
        ]
        held.sort(key=_order)
        counter = counting.setdefault(packet.source, []) if packet.first(RestartCounter) else []
        place = Place(
            index=index,
            sighting=sighting,
            kind=_kind(packet.body),
            held=tuple(held),
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


def _order(held: Held) -> tuple[object, ...]:
    """Give a place in an order that does not depend on how Python hashes octets."""
    return held.lma, sorted(held.prefixes), held.bid or 0, held.care_of_address


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
