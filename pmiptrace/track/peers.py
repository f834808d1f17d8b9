"""The nodes of the domain: MAGs with all their care-of addresses, and what their peers can do."""

from __future__ import annotations

from collections import OrderedDict

from pmiptrace.model import Capability, Identifier, MagNode, Moment
from pmiptrace.track.registration import Registration

MAX_ADDRESSES = 64
"""Care-of addresses kept of one MAG."""


class Peers:
    """Who is who, learned from the traffic.

    A MAG is known by its MAG Identifier, which joins its care-of addresses (RFC 8278 section 4.2);
    without one, every care-of address is a MAG of its own.
    """

    def __init__(self) -> None:
        self.mags: dict[int, MagNode] = {}
        self._by_identifier: dict[Identifier, int] = {}
        self._by_address: dict[bytes, int] = {}
        self._joined: dict[int, int] = {}
        self._capability: dict[tuple[int, bytes], tuple[Capability, Moment]] = {}
        self._multipath_lmas: dict[bytes, Moment] = {}
        self._ipv4_lmas: dict[bytes, Moment] = {}
        self._requests: set[tuple[bytes, bytes]] = set()
        self._replies: set[tuple[bytes, bytes]] = set()

    def mag_of(self, request: Registration) -> tuple[MagNode, int | None]:
        """Give the MAG that sent a PBU, and remember its address.

        Gives beside it the id of the MAG that this address was taken for so far, when the PBU is
        the first to show that it is a path of another.
        """
        joined = None
        address, identifier = request.care_of_address, request.mag_identifier
        known = self._by_address.get(address)
        if identifier is None:
            if known is None:
                known = self._new(None)
        else:
            named = self._by_identifier.get(identifier)
            if named is None:
                anonymous = known is not None and self.mags[known].identifier is None
                named = known if known is not None and anonymous else self._new(identifier)
                self._by_identifier[identifier] = named
                node = self.mags[named]
                self.mags[named] = MagNode(node.id, identifier, node.addresses)
            elif known is not None and known != named and self.mags[known].identifier is None:
                # An address that was a MAG of its own turns out to be a path of this one.
                joined = known
                self._joined[known] = named
                del self.mags[known]
            known = named
        self._by_address[address] = known
        node = self.mags[known]
        if address not in node.addresses and len(node.addresses) < MAX_ADDRESSES:
            node = MagNode(node.id, node.identifier, (*node.addresses, address))
            self.mags[known] = node
        return node, joined

    def mag_at(self, address: bytes) -> MagNode | None:
        """Give the MAG that uses a care-of address, if it was seen to."""
        known = self._by_address.get(address)
        return None if known is None else self.mags[known]

    def mag_assumed(self, address: bytes) -> MagNode:
        """Give the MAG at an address that only its peer's messages name."""
        known = self._by_address.get(address)
        if known is None:
            known = self._by_address[address] = self._new(None)
            self.mags[known] = MagNode(known, None, (address,))
        return self.mags[known]

    def current(self, mag: int) -> int:
        """Give the id under which a MAG is known now, after its addresses were joined."""
        while mag in self._joined:
            mag = self._joined[mag]
        return mag

    def by_every_id(self) -> dict[int, MagNode]:
        """Give all MAGs by the ids they have and had."""
        return {
            **self.mags,
            **{number: self.mags[self.current(number)] for number in self._joined},
        }

    # ------------------------------------------------------------ what LMAs were seen to support

    def request_seen(self, mag_address: bytes, lma: bytes) -> None:
        """Note that this direction of the traffic is in the capture."""
        self._requests.add((mag_address, lma))

    def reply_seen(self, mag_address: bytes, lma: bytes) -> None:
        """Note that this direction of the traffic is in the capture."""
        self._replies.add((mag_address, lma))

    def is_half_duplex(self, mag_address: bytes, lma: bytes) -> bool:
        """Tell whether one direction between a MAG's address and an LMA was not seen so far."""
        pair = (mag_address, lma)
        return pair not in self._requests or pair not in self._replies

    def capability(self, mag: int, lma: bytes) -> tuple[Capability, Moment | None]:
        """Give what an LMA showed a MAG of its multipath support, and when."""
        return self._capability.get((mag, lma), (Capability.UNKNOWN, None))

    def learn_capability(self, mag: int, lma: bytes, capable: bool, moment: Moment) -> None:
        """Note that an acceptance carried, or lacked, the MAG Multipath Binding option."""
        found = Capability.YES if capable else Capability.NO
        if self._capability.get((mag, lma), (None, None))[0] is not found:
            self._capability[mag, lma] = (found, moment)

    def learn_multipath(self, lma: bytes, moment: Moment) -> None:
        """Note that an LMA sends the MAG Multipath Binding option at all."""
        self._multipath_lmas.setdefault(lma, moment)

    def learn_ipv4(self, lma: bytes, moment: Moment) -> None:
        """Note that an LMA supports RFC 5844."""
        self._ipv4_lmas.setdefault(lma, moment)

    def multipath_since(self, lma: bytes) -> Moment | None:
        """Give when an LMA first sent the MAG Multipath Binding option to anyone."""
        return self._multipath_lmas.get(lma)

    def ipv4_since(self, lma: bytes) -> Moment | None:
        """Give when an LMA first showed that it supports RFC 5844."""
        return self._ipv4_lmas.get(lma)

    def _new(self, identifier: Identifier | None) -> int:
        number = len(self.mags) + len(self._joined) + 1
        self.mags[number] = MagNode(number, identifier, ())
        return number


class Continuity:
    """Whether sequence numbers show that nothing a MAG sent was missed.

    Numbers count per MAG where timestamps order the messages (RFC 5213 section 6.9.1.1), per
    session otherwise; a run without a gap in either proves that nothing is missing between.
    """

    LIMIT = 100_000
    """Counters kept; the one used least recently goes first."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[int, int | None], tuple[int, int]] = OrderedDict()

    def note(self, mag: int, session: int, sequence: int, ordinal: int) -> None:
        """Take a PBU's sequence number into the runs of its MAG and of its session."""
        for key in ((mag, None), (mag, session)):
            last, since = self._runs.pop(key, (None, ordinal))
            if last is not None and (sequence - last) % 65536 != 1:
                since = ordinal
            self._runs[key] = (sequence, since)
        while len(self._runs) > self.LIMIT:
            self._runs.popitem(last=False)

    def since(self, mag: int, session: int, ordinal: int) -> int:
        """Give the ordinal of the message since which no number is missing."""
        runs = (self._runs.get((mag, None)), self._runs.get((mag, session)))
        return min((run[1] for run in runs if run), default=ordinal)
