"""The sessions that are known: by LMA, mobile node and prefixes (RFC 5213 section 5.4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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

NodeKey = tuple[bytes, Identifier | None]
PrefixKey = tuple[bytes, Identifier | None, Prefix]
AttachmentKey = tuple[bytes, Identifier | None, int | None, bytes | None, int]

BindingKey = tuple[int, int | None, bytes | None]
"""A MAG and a BID, or its care-of address where there is no BID."""

MAX_PER_NODE = 64
"""Sessions of one mobile node at one LMA that are looked through."""


class Sessions:
    """The sessions, found by what a message says of them.

    A request that asks the LMA for a prefix has none to be found by: its session is provisional,
    known by LMA, mobile node, attachment and MAG, until the answer names the prefixes.
    """

    def __init__(self) -> None:
        self._by_id: dict[int, Session] = {}
        self._by_node: dict[NodeKey, list[int]] = {}
        self._by_prefix: dict[PrefixKey, int] = {}
        self._provisional: dict[AttachmentKey, int] = {}
        self._attachments: dict[int, AttachmentKey] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, number: int | None) -> Session | None:
        """Give a session by its id."""
        return None if number is None else self._by_id.get(number)

    def create(
        self, lma: bytes, mobile_node: Identifier | None, moment: Moment, reason: str | None = None
    ) -> Session:
        """Make a session; one whose beginning was not captured is partial, for that reason."""
        self._count += 1
        session = Session(
            id=self._count,
            lma=lma,
            mobile_node=mobile_node,
            partial=reason is not None,
            partial_reason=reason,
            first=moment,
            last=moment,
        )
        self._by_id[session.id] = session
        entries = self._by_node.setdefault((lma, mobile_node), [])
        entries.append(session.id)
        del entries[:-MAX_PER_NODE]
        return session

    def put(self, session: Session) -> None:
        """Store the present form of a session."""
        self._by_id[session.id] = session

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

    def remember_attachment(self, session: Session, request: Registration, mag: int) -> None:
        """Have a provisional session found again by the same attachment."""
        attachment = self._attachment(session.lma, request, mag)
        self._provisional[attachment] = session.id
        self._attachments[session.id] = attachment

    def of_node(self, lma: bytes, mobile_node: Identifier | None) -> list[Session]:
        """Give the sessions of a mobile node at an LMA, the newest last."""
        found = (self._by_id.get(number) for number in self._by_node.get((lma, mobile_node), ()))
        return [session for session in found if session is not None]

    def with_prefixes(
        self, lma: bytes, mobile_node: Identifier | None, registration: Registration
    ) -> Session | None:
        """Give the session that has one of the prefixes, or the IPv4 home address, named."""
        named = [*registration.prefixes]
        if registration.ipv4_home_address is not None:
            named.append(registration.ipv4_home_address)
        for prefix in named:
            found = self.get(self._by_prefix.get((lma, mobile_node, prefix)))
            if found is not None:
                return found
        return None

    def of_request(self, lma: bytes, request: Registration, mag: int) -> Session | None:
        """Give the session that a PBU is about, None if it would make a new one."""
        mobile_node = request.mobile_node
        found = self.with_prefixes(lma, mobile_node, request)
        if found is not None:
            return found
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
                    if is_provisional(s) and any(b.mag == mag for b in s.bindings)
                ),
                None,
            )
        if request.multipath is not None:
            for session in reversed(sessions):
                if session.mode is SessionMode.MULTIPATH and any(
                    b.mag == mag and b.state.is_live for b in session.bindings
                ):
                    return session
        is_about_existing = request.lifetime == 0 or request.handoff_indicator == 5
        if is_about_existing and len(sessions) == 1:
            return sessions[0]
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
            yield session.lma, session.mobile_node, session.ipv4_home_address

    def _drop_provisional(self, number: int) -> None:
        attachment = self._attachments.pop(number, None)
        if attachment is not None and self._provisional.get(attachment) == number:
            del self._provisional[attachment]


def is_provisional(session: Session) -> bool:
    """Tell whether no answer has named a prefix or address of the session yet."""
    return not session.prefixes and session.ipv4_home_address is None


def binding_key(binding: Binding) -> BindingKey:
    """Give what tells a binding from the others of its session."""
    return binding.mag, binding.bid, None if binding.bid is not None else binding.care_of_address


def find_binding(session: Session, key: BindingKey) -> Binding | None:
    """Give the binding with that key."""
    for binding in session.bindings:
        if binding_key(binding) == key:
            return binding
    return None


def with_binding(session: Session, binding: Binding, key: BindingKey | None = None) -> Session:
    """Give the session with a binding in place of the one with that key, its own by default."""
    key = key or binding_key(binding)
    bindings = list(session.bindings)
    for index, known in enumerate(bindings):
        if binding_key(known) == key:
            bindings[index] = binding
            break
    else:
        bindings.append(binding)
    return replace(session, bindings=tuple(bindings))


def without_binding(session: Session, key: BindingKey) -> Session:
    """Give the session without the binding of that key."""
    return replace(session, bindings=tuple(b for b in session.bindings if binding_key(b) != key))


def is_open(session: Session) -> bool:
    """Tell whether a binding of the session is live, requested or not deleted yet."""
    return any(
        b.state.is_live or b.state in (BindingState.PENDING, BindingState.DEREG_WAIT)
        for b in session.bindings
    )
