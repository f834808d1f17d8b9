"""The sessions that are known: by LMA, mobile node and prefixes (RFC 5213 section 5.4.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    BindingState,
    Identifier,
    Moment,
    Prefix,
    Session,
    SessionMode,
)
from pmiptrace.track.registration import Registration
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff

NodeKey = tuple[bytes, Identifier | None]
PrefixKey = tuple[bytes, Identifier | None, Prefix]
AttachmentKey = tuple[bytes, Identifier | None, int | None, bytes | None, int]

K = TypeVar("K")

BindingKey = tuple[int, int | None, bytes | None]
"""A MAG and a BID, or its care-of address where there is no BID."""

_OPEN = frozenset(
    state
    for state in BindingState
    if state.is_live or state in (BindingState.PENDING, BindingState.DEREG_WAIT)
)

MAX_PER_NODE = 64
"""Sessions of one mobile node at one LMA that are looked through."""
MAX_LMAS = 64
"""Addresses of LMAs among which the other one of an LMA with two is looked for."""
MAX_BINDINGS = 512
"""Bindings kept of one session: twice as many as one MAG can number."""


class Sessions:
    """The sessions, found by what a message says of them.

    A request that asks the LMA for a prefix has none to be found by: its session is provisional,
    known by LMA, mobile node, attachment and MAG, until the answer names the prefixes.
    """

    LIMIT = 1_000_000
    """Sessions kept; sessions that ended are forgotten long before that, if packets have times."""

    def __init__(self, after: int = 0) -> None:
        """Begin without any; the first to be made gets the number behind `after`."""
        self._by_id: OrderedDict[int, Session] = OrderedDict()
        self._by_node: dict[NodeKey, list[int]] = {}
        self._by_prefix: dict[PrefixKey, int] = {}
        self._provisional: dict[AttachmentKey, int] = {}
        self._attachments: dict[int, AttachmentKey] = {}
        self._by_mag: dict[int, dict[int, None]] = {}
        self._certain: dict[tuple[int, bytes], dict[int, None]] = {}
        self._lmas: dict[bytes, None] = {}
        self._other_address: dict[bytes, bytes] = {}
        """Of an LMA that turned out to have an IPv6 and an IPv4 address, either by the other."""
        self.newest = after
        """The id of the session made last."""

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def is_overfull(self) -> bool:
        """Whether there are more sessions than can be kept."""
        return len(self._by_id) > self.LIMIT

    def get(self, number: int | None) -> Session | None:
        """Give a session by its id."""
        return None if number is None else self._by_id.get(number)

    def create(
        self, lma: bytes, mobile_node: Identifier | None, moment: Moment, reason: str | None = None
    ) -> Session:
        """Make a session; one whose beginning was not captured is partial, for that reason."""
        self.newest += 1
        session = Session(
            id=self.newest,
            lma=lma,
            mobile_node=mobile_node,
            partial=reason is not None,
            partial_reason=reason,
            first=moment,
            last=moment,
        )
        self._by_id[session.id] = session
        if len(self._lmas) < MAX_LMAS:
            self._lmas[lma] = None
        entries = self._by_node.setdefault((lma, mobile_node), [])
        entries.append(session.id)
        del entries[:-MAX_PER_NODE]
        return session

    def put(self, session: Session) -> None:
        """Store the present form of a session."""
        bindings = session.bindings
        if len(bindings) > MAX_BINDINGS:
            least = _least(bindings)
            session = without_binding(session, binding_key(least))
            bindings = session.bindings
            if all(binding.mag != least.mag for binding in bindings):
                _discard(self._by_mag, least.mag, session.id)
        self._by_id[session.id] = session
        if bindings:
            # Only the last binding can be new.
            _add(self._by_mag, bindings[-1].mag, session.id)

    def oldest(self) -> Session:
        """Give the session that was made first of those that are left."""
        return next(iter(self._by_id.values()))

    def of_mag(self, mag: int) -> list[Session]:
        """Give the sessions that have, or had, a binding of a MAG."""
        found = (self._by_id.get(number) for number in self._by_mag.get(mag, ()))
        return [session for session in found if session is not None]

    def count_of_mag(self, mag: int) -> int:
        """Count them."""
        return len(self._by_mag.get(mag, ()))

    def newest_of_mag(self, mag: int) -> Iterator[Session]:
        """Give the same, one by one, those that the MAG came to last first."""
        for number in reversed(self._by_mag.get(mag, {})):
            session = self._by_id.get(number)
            if session is not None:
                yield session

    def note_certain(self, session: Session, mag: int) -> None:
        """Note that a session has a binding of a MAG which a restart would put in doubt."""
        _add(self._certain, (mag, session.lma), session.id)

    def take_certain(self, mag: int, lma: bytes) -> list[Session]:
        """Give the sessions so noted, and no longer note them."""
        found = (self._by_id.get(number) for number in self._certain.pop((mag, lma), ()))
        return [session for session in found if session is not None]

    def assign(self, session: Session, prefixes: Iterable[Prefix], ipv4: Prefix | None) -> Session:
        """Give a session the prefixes and the IPv4 home address that its LMA assigned."""
        for key in self._prefix_keys(session):
            if self._by_prefix.get(key) == session.id:
                del self._by_prefix[key]
        session = replace(session, prefixes=tuple(sorted(prefixes)), ipv4_home_address=ipv4)
        for key in self._prefix_keys(session):
            self._by_prefix[key] = session.id
        self._drop_provisional(session.id)
        self.put(session)
        return session

    def remove(self, session: Session) -> None:
        """Forget a session."""
        self._by_id.pop(session.id, None)
        self._drop_provisional(session.id)
        node = (session.lma, session.mobile_node)
        entries = self._by_node.get(node, [])
        if session.id in entries:
            entries.remove(session.id)
            if not entries:
                del self._by_node[node]
        for key in self._prefix_keys(session):
            if self._by_prefix.get(key) == session.id:
                del self._by_prefix[key]
        for mag in {binding.mag for binding in session.bindings}:
            _discard(self._by_mag, mag, session.id)
            _discard(self._certain, (mag, session.lma), session.id)

    def remember_attachment(self, session: Session, request: Registration, mag: int) -> None:
        """Have a provisional session found again by the same attachment."""
        attachment = self._attachment(session.lma, request, mag)
        self._provisional[attachment] = session.id
        self._attachments[session.id] = attachment

    def of_node(self, lma: bytes, mobile_node: Identifier | None) -> list[Session]:
        """Give the sessions of a mobile node at an LMA, the newest last."""
        found = self._by_node.get((lma, mobile_node), [])
        other = self._other_address.get(lma)
        if other is not None:
            found = sorted(found + self._by_node.get((other, mobile_node), []))
        return [self._by_id[number] for number in found]

    def is_at(self, session: Session, lma: bytes) -> bool:
        """Tell whether a session is at the LMA with that address, which may have another one."""
        return session.lma in (lma, self._other_address.get(lma))

    def join_addresses(
        self, lma: bytes, mobile_node: Identifier | None, named: Registration, mag: int
    ) -> bool:
        """Notice that an LMA has an IPv6 and an IPv4 address (RFC 5844 section 3.1); tell if so.

        A prefix is of one LMA. If a MAG registers a path (RFC 8278 section 3.1) for the prefix of a
        binding that it has at an address of the other family, both addresses are of that LMA.
        """
        if named.multipath is None or lma in self._other_address:
            return False
        for other in self._lmas:
            if len(other) == len(lma) or other in self._other_address:
                continue
            session = self.with_prefixes(other, mobile_node, named)
            if session is not None and any(b.mag == mag for b in session.live):
                self._other_address |= {lma: other, other: lma}
                return True
        return False

    def with_prefixes(
        self, lma: bytes, mobile_node: Identifier | None, registration: Registration
    ) -> Session | None:
        """Give the session that has one of the prefixes, or the IPv4 home address, named."""
        named = registration.prefixes
        if registration.ipv4_home_address is not None:
            named = (*named, _host(registration.ipv4_home_address))
        other = self._other_address.get(lma)
        for address in (lma,) if other is None else (lma, other):
            for prefix in named:
                found = self.get(self._by_prefix.get((address, mobile_node, prefix)))
                if found is not None:
                    return found
        return None

    def of_request(self, lma: bytes, request: Registration, mag: int) -> Session | None:
        """Give the session that a PBU is about, None if it would make a new one."""
        mobile_node = request.mobile_node
        found = self.with_prefixes(lma, mobile_node, request)
        if found is None and self.join_addresses(lma, mobile_node, request, mag):
            found = self.with_prefixes(lma, mobile_node, request)
        if found is not None and (is_open(found) or set(request.prefixes) <= set(found.prefixes)):
            return found  # else the LMA has given a prefix of it to another since
        if self._provisional:
            provisional = self.get(self._provisional.get(self._attachment(lma, request, mag)))
            if provisional is not None:
                return provisional
        sessions = self.of_node(lma, mobile_node)
        if request.prefixes or request.ipv4_home_address is not None:
            # The MAG knows the prefix from an answer that the capture lacks, perhaps over
            # another path: that was the answer to its request without one.
            return next(
                (
                    s
                    for s in reversed(sessions)
                    if is_provisional(s)
                    and any(b.mag == mag and _is_same_attachment(b, request) for b in s.bindings)
                ),
                None,
            )
        if request.multipath is not None:
            for session in reversed(sessions):
                if session.mode is SessionMode.MULTIPATH and any(
                    b.mag == mag and b.state.is_live and _is_same_attachment(b, request)
                    for b in session.bindings
                ):
                    return session
        if request.lifetime == 0 or request.handoff_indicator == Handoff.NOT_CHANGED:
            # It is about a session that exists; which one, its missing prefixes would have told.
            own = [s for s in sessions if any(_is_meant(b, request, mag) for b in s.bindings)]
            return (own or sessions)[0] if len(own or sessions) == 1 else None
        return None

    def _attachment(self, lma: bytes, request: Registration, mag: int) -> AttachmentKey:
        return (
            lma,
            request.mobile_node,
            request.access_technology,
            request.link_layer_identifier,
            mag,
        )

    def _prefix_keys(self, session: Session) -> Iterator[PrefixKey]:
        for prefix in session.prefixes:
            yield session.lma, session.mobile_node, prefix
        if session.ipv4_home_address is not None:
            yield session.lma, session.mobile_node, _host(session.ipv4_home_address)

    def _drop_provisional(self, number: int) -> None:
        attachment = self._attachments.pop(number, None)
        if attachment is not None and self._provisional.get(attachment) == number:
            del self._provisional[attachment]


def _host(ipv4: Prefix) -> Prefix:
    """Give an IPv4 home address without its prefix length; request and reply may differ in it."""
    return Prefix(ipv4.address, 32)


def is_provisional(session: Session) -> bool:
    """Tell whether no answer has named a prefix or address of the session yet."""
    return not session.prefixes and session.ipv4_home_address is None


def binding_key(binding: Binding) -> BindingKey:
    """Give what tells a binding from the others of its session."""
    return binding.mag, binding.bid, None if binding.bid is not None else binding.care_of_address


def new_binding(key: BindingKey, request: Registration) -> Binding:
    """Give the binding that a PBU asks for, before anything happened to it."""
    mag, bid, _ = key
    multipath = request.multipath
    return Binding(
        mag=mag,
        bid=bid,
        care_of_address=request.care_of_address,
        ports=request.message.datagram.ports,
        access_technology=request.access_technology,
        interface_att=multipath.if_att if multipath else None,
        interface_label=multipath.if_label if multipath else None,
        handoff_indicator=request.handoff_indicator,
        link_layer_identifier=request.link_layer_identifier,
        first_request=request.message,
    )


def find_binding(session: Session, key: BindingKey) -> Binding | None:
    """Give the binding with that key."""
    mag, bid, address = key
    for binding in session.bindings:
        if binding.mag != mag or binding.bid != bid:
            continue
        if bid is not None or binding.care_of_address == address:
            return binding
    return None


def with_binding(session: Session, binding: Binding, key: BindingKey | None = None) -> Session:
    """Give the session with a binding in place of the one with that key, its own by default."""
    mag, bid, address = key or binding_key(binding)
    bindings = [*session.bindings]
    for index, known in enumerate(bindings):
        if known.mag != mag or known.bid != bid:
            continue
        if bid is not None or known.care_of_address == address:
            bindings[index] = binding
            break
    else:
        bindings.append(binding)
    return replace(session, bindings=tuple(bindings))


def rekeyed(session: Session, old: BindingKey, binding: Binding) -> Session:
    """Give the session with a binding under another key, in place of any that has that key."""
    new = binding_key(binding)
    known = find_binding(session, new)
    if new == old or known is None:
        return with_binding(session, binding, old)
    return with_binding(without_binding(session, old), merged(known, binding), new)


def merged(known: Binding, binding: Binding) -> Binding:
    """Give one binding for two that turned out to be the same: the second, after the first."""
    is_asked = known.state in (
        BindingState.PENDING,
        BindingState.REFRESHING,
        BindingState.DEREG_PENDING,
    )
    # A binding that was gone is registered anew.
    goes_on = known.state.is_live or is_asked
    return replace(
        binding,
        shadow=known.shadow if is_asked else known.state,
        history=(*known.history, *binding.history),
        first_request=(known.first_request if goes_on else None) or binding.first_request,
        first_reply_seen=known.first_reply_seen if goes_on else binding.first_reply_seen,
    )


def without_binding(session: Session, key: BindingKey) -> Session:
    """Give the session without the binding of that key."""
    return replace(session, bindings=tuple(b for b in session.bindings if binding_key(b) != key))


def _is_meant(binding: Binding, request: Registration, mag: int) -> bool:
    """Tell whether a PBU can be about a binding of its MAG."""
    return binding.mag == mag and binding.state.is_live and request.bid in (None, binding.bid)


def _is_same_attachment(binding: Binding, request: Registration) -> bool:
    """Tell whether a PBU can be for the interface of the mobile node that a binding is for.

    Each interface has a session of its own (RFC 5213 section 5.4).
    """
    pairs = (
        (binding.access_technology, request.access_technology),
        (binding.link_layer_identifier, request.link_layer_identifier),
    )
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def is_open(session: Session) -> bool:
    """Tell whether a binding of the session is live, requested or not deleted yet."""
    return not _OPEN.isdisjoint([binding.state for binding in session.bindings])


def _least(bindings: tuple[Binding, ...]) -> Binding:
    """Give the binding to forget when there are too many: one that is over, or the first."""
    return next((b for b in bindings[:-1] if not b.state.is_live), bindings[0])


def _add(index: dict[K, dict[int, None]], key: K, number: int) -> None:
    numbers = index.get(key)
    if numbers is None:
        index[key] = {number: None}
    else:
        numbers[number] = None


def _discard(index: dict[K, dict[int, None]], key: K, number: int) -> None:
    numbers = index.get(key)
    if numbers is not None:
        numbers.pop(number, None)
        if not numbers:
            del index[key]
