"""The nodes of the domain: MAGs with all their care-of addresses, and what their peers can do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import Capability, Identifier, MagNode, Moment
from pmiptrace.track.registration import Registration

K = TypeVar("K")
V = TypeVar("V")

_UNKNOWN = (Capability.UNKNOWN, None)

MAX_ADDRESSES = 64
"""Care-of addresses kept of one MAG."""


class Peers:
    """Who is who, learned from the traffic.

    A MAG is known by its MAG Identifier, which joins its care-of addresses (RFC 8278 section 4.2);
    without one, every care-of address is a MAG of its own.
    """

    LIMIT = 200_000
    """Addresses and names told apart; all others count as one more MAG, which has no name."""

    def __init__(self, before: Peers | None = None) -> None:
        """Begin without any; those of a run `before` stay known by their ids alone."""
        self.mags: dict[int, MagNode] = {} if before is None else before.mags
        self._by_identifier: dict[Identifier, int] = {}
        self._by_address: dict[bytes, int] = {}
        self._joined: dict[int, int] = {} if before is None else before._joined
        self._capability: dict[tuple[int, bytes], tuple[Capability, Moment]] = {}
        self.multipath_lmas: dict[bytes, Moment] = {}
        """When an LMA first sent the MAG Multipath Binding option to anyone."""
        self.ipv4_lmas: dict[bytes, Moment] = {}
        """When an LMA first showed that it supports RFC 5844."""
        self._count: int = 0 if before is None else before._count
        self._earlier = self._count
        self._rest: int | None = None
        self._requests: dict[tuple[bytes, bytes], None] = {}
        self._replies: dict[tuple[bytes, bytes], None] = {}
        self._lmas: dict[bytes, None] = {}

    def mag_of(self, request: Registration) -> tuple[MagNode, int | None]:
        """Give the MAG that sent a PBU, and remember its address.

        Gives beside it the id of the MAG that this address was taken for so far, when the PBU is
        the first to show that it is a path of another.
        """
        same = self.known(request)
        if same is not None:
            return same, None
        joined = None
        address, identifier = request.care_of_address, request.mag_identifier
        known = self._by_address.get(address)
        is_new_name = identifier is not None and identifier not in self._by_identifier
        if (known is None and len(self._by_address) >= self.LIMIT) or (
            is_new_name and self._count - self._earlier >= self.LIMIT
        ):
            return self._one_of_the_rest(address), None
        if identifier is None:
            if known is None:
                known = self._new(None)
        else:
            named = self._by_identifier.get(identifier)
            if named is None:
                anonymous = known is not None and self.mags[known].identifier is None
                named = known if known is not None and anonymous else self._new(identifier)
                self._by_identifier[identifier] = named
                self.mags[named] = replace(self.mags[named], identifier=identifier)
            elif known is not None and known != named and self.mags[known].identifier is None:
                # An address that was a MAG of its own turns out to be a path of this one.
                joined = known
                self._joined[known] = named
                del self.mags[known]
            known = named
            # Both belong to it where the PBU names another care-of address than its source.
            self._by_address.setdefault(request.message.source, known)
        self._by_address[address] = known
        return self._with_address(known, address), joined

    def known(self, request: Registration) -> MagNode | None:
        """Give the MAG that sent a PBU if its address and name belong together, as is known."""
        number = self._by_address.get(request.care_of_address)
        if number is None:
            return None
        mag = self.mags[number]
        return mag if mag.identifier == request.mag_identifier else None

    def mag_at(self, address: bytes) -> MagNode | None:
        """Give the MAG that uses a care-of address, if it was seen to."""
        known = self._by_address.get(address)
        return None if known is None else self.mags[known]

    def mag_assumed(self, address: bytes) -> MagNode:
        """Give the MAG at an address that only its peer's messages name."""
        known = self._by_address.get(address)
        if known is None:
            if len(self._by_address) >= self.LIMIT:
                return self._one_of_the_rest(address)
            known = self._by_address[address] = self._new(None)
        return self._with_address(known, address)

    def joined_ids(self) -> Iterator[int]:
        """Give the ids of MAGs that turned out to be paths of others."""
        return iter(self._joined)

    def current(self, mag: int) -> int:
        """Give the id under which a MAG is known now, after its addresses were joined."""
        while mag in self._joined:
            mag = self._joined[mag]
        return mag

    # ------------------------------------------------------------ what LMAs were seen to support

    def request_seen(self, mag_address: bytes, lma: bytes) -> None:
        """Note that this direction of the traffic is in the capture."""
        if (mag_address, lma) not in self._requests:
            _keep(self._requests, (mag_address, lma), None)
            _keep(self._lmas, lma, None)

    def reply_seen(self, mag_address: bytes, lma: bytes) -> None:
        """Note that this direction of the traffic is in the capture."""
        if (mag_address, lma) not in self._replies:
            _keep(self._replies, (mag_address, lma), None)
            _keep(self._lmas, lma, None)

    def is_half_duplex(self, mag_address: bytes, lma: bytes) -> bool:
        """Tell whether one direction between a MAG's address and an LMA was not seen so far."""
        pair = (mag_address, lma)
        return pair not in self._requests or pair not in self._replies

    def is_mag_of(self, address: bytes, lma: bytes) -> bool:
        """Tell whether a node registers with an LMA, as its PBUs or the LMA's answers showed."""
        pair = (address, lma)
        return pair in self._requests or pair in self._replies

    def is_lma(self, address: bytes) -> bool:
        """Tell whether anyone registers with a node."""
        return address in self._lmas

    def capability(self, mag: int, lma: bytes) -> tuple[Capability, Moment | None]:
        """Give what an LMA showed a MAG of its multipath support, and when."""
        return self._capability.get((mag, lma), _UNKNOWN)

    def learn_capability(self, mag: int, lma: bytes, capable: bool, moment: Moment) -> None:
        """Note that an acceptance carried, or lacked, the MAG Multipath Binding option."""
        found = Capability.YES if capable else Capability.NO
        if self.capability(mag, lma)[0] is not found:
            _keep(self._capability, (mag, lma), (found, moment))

    def learn_multipath(self, lma: bytes, moment: Moment) -> None:
        """Note that an LMA sends the MAG Multipath Binding option at all."""
        if lma not in self.multipath_lmas:
            _keep(self.multipath_lmas, lma, moment)

    def learn_ipv4(self, lma: bytes, moment: Moment) -> None:
        """Note that an LMA supports RFC 5844."""
        if lma not in self.ipv4_lmas:
            _keep(self.ipv4_lmas, lma, moment)

    def _new(self, identifier: Identifier | None) -> int:
        self._count += 1
        self.mags[self._count] = MagNode(self._count, identifier, ())
        return self._count

    def _with_address(self, number: int, address: bytes) -> MagNode:
        node = self.mags[number]
        if address not in node.addresses and len(node.addresses) < MAX_ADDRESSES:
            node = self.mags[number] = replace(node, addresses=(*node.addresses, address))
        return node

    def _one_of_the_rest(self, address: bytes) -> MagNode:
        """Give the MAG that stands for all that there is no room for."""
        if self._rest is None:
            self._rest = self._new(None)
        return self._with_address(self._rest, address)


def _keep(known: dict[K, V], key: K, value: V) -> None:
    """Note something, unless there is no room left for more."""
    if len(known) < Peers.LIMIT or key in known:
        known[key] = value


class KnownMags(Mapping[int, MagNode]):
    """The MAGs by the ids that they have and had, as they are known whenever this is asked."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def __getitem__(self, mag: int) -> MagNode:
        return self._peers.mags[self._peers.current(mag)]

    def __iter__(self) -> Iterator[int]:
        yield from self._peers.mags
        yield from self._peers.joined_ids()

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Continuity:
    """Whether sequence numbers show that nothing a MAG sent was missed.

    Numbers count per MAG where timestamps order the messages (RFC 5213 section 6.9.1.1), over
    all its LMAs or for each, and per session otherwise. A run without a gap in any of them proves
    that nothing is missing between.
    """

    LIMIT = 200_000
    """Counters kept; the one used least recently goes first."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[int, bytes | int | None], tuple[int, int, int]]
        self._runs = OrderedDict()
        """Last sequence number, and ordinals of the run's first message and its last."""

    def __len__(self) -> int:
        return len(self._runs)

    def note(self, mag: int, lma: bytes, session: int | None, sequence: int, ordinal: int) -> None:
        """Take a PBU's sequence number into the runs of its MAG, its LMA and its session.

        One for a group of sessions has none.

        A number that comes twice in a row, as in a retransmission that was not renumbered, leaves
        no gap.
        """
        runs = self._runs
        for key in ((mag, None), (mag, lma), (mag, session)):
            run = runs.get(key)
            if run is None:
                runs[key] = (sequence, ordinal, ordinal)
            else:
                follows = (sequence - run[0]) % 65536 <= 1
                runs[key] = (sequence, run[1] if follows else ordinal, ordinal)
                runs.move_to_end(key)
        while len(runs) > self.LIMIT:
            runs.popitem(last=False)

    def forget(self, mag: int, session: int) -> None:
        """Let go of the run of a MAG in a session that is over."""
        self._runs.pop((mag, session), None)

    def since(self, mag: int, lma: bytes, session: int, ordinal: int) -> int:
        """Give the ordinal of the message since which no number is missing.

        A gap that the MAG's messages to others show may be one of the session, unless a later
        message of the session shows that its numbers go on.
        """
        get = self._runs.get
        whole = get((mag, None))
        if whole is None:
            return ordinal
        first = whole[1]
        for run in (get((mag, lma)), get((mag, session))):
            if run is not None and whole[1] <= run[2] and run[1] < first:
                first = run[1]
        return first
