"""The values that cross layers, from the captured frame to the report.

Everything here is immutable. A value is made of values that were there before it, so none refers to
itself and the garbage collector need not look at them (``gc=False``). Times are integer nanoseconds
since 1970-01-01 UTC, or None where a capture has none; lifetimes are seconds; addresses are 4 or 16
octets (`pmiptrace.address`).
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import ClassVar, Self, TypeVar

from msgspec import Struct, field

from pmiptrace.address import address_text, is_unspecified

E = TypeVar("E", bound=type[Enum])

MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND
"""In nanoseconds, as all times."""


def direct(cls: E) -> E:
    """Make the members of an enumeration plain attributes of its class.

    Python 3.11 finds them through a descriptor, which takes as long as three calls of a function;
    later versions do what this does.
    """
    for name, member in cls.__members__.items():
        type.__setattr__(cls, name, member)
    return cls


# --------------------------------------------------------------------------- capture → packet


class Frame(Struct, frozen=True, gc=False):
    """One captured frame, as its container recorded it."""

    capture: int
    """Which capture of the run, from 0."""
    number: int
    """Position in its file, from 1, as Wireshark counts."""
    time: int | None
    link_type: int
    """LINKTYPE_ value of the interface (tcpdump.org/linktypes.html)."""
    data: bytes
    """The octets captured, without a frame check sequence."""
    original_length: int
    """Octets that were on the wire; more than `data` holds if the snap length cut the frame."""
    interface: int = 0


class Problem(Struct, frozen=True):
    """Something wrong with a capture file itself: cut short, damaged, or not readable in part."""

    kind: str
    message: str
    offset: int | None = None
    """Octets into the (decompressed) file."""
    frame: int | None = None


class CaptureInfo(Struct, frozen=True, kw_only=True):
    """What is known of one capture once it was read."""

    path: str
    format: str | None = None
    """``pcap`` or ``pcapng``."""
    packets: int = 0
    messages: int = 0
    duplicates: int = 0
    first_time: int | None = None
    last_time: int | None = None
    clock_offset: int = 0
    """Nanoseconds that were added to its times to match the first capture's clock."""
    dialect: str | None = None
    truncated: bool = False
    """Whether the file ends within a record."""
    problems: tuple[Problem, ...] = ()


class Defect(Struct, frozen=True, gc=False):
    """A place where octets do not follow their format. Decoding goes on with what is left."""

    kind: str
    """A short word for programs: ``option-overrun``, ``header-length``, ``truncated`` ..."""
    layer: str
    """The format that is broken, as people name it: ``Mobility Header``, ``option 63``."""
    offset: int
    """Octets from the start of the Mobility Header; for layers below it, of the frame."""
    needed: int
    available: int
    length_field: str | None = None
    """The length field that promised more, or less, than there is."""


# ----------------------------------------------------------------------------- packet → wire


class Datagram(Struct, frozen=True, gc=False, kw_only=True):
    """A Mobility Header still undecoded, with all that the headers around it say."""

    frame: Frame
    """The frame it was found in; for a reassembled one, the frame of the last fragment."""
    source: bytes
    destination: bytes
    payload: bytes
    """The octets from the Payload Proto field on, to the end of the packet that carries them."""
    offset: int | None
    """Where the payload starts in `frame.data`; None when fragments were put together."""
    truncated: bool = False
    """Whether the snap length cut octets off the payload."""
    hop_limit: int = 0
    link_address: bytes = b""
    """Source and destination of the link layer, to tell a port mirror's copy from a message."""
    ports: tuple[int, int] | None = None
    """UDP source and destination port, when the message came over IPv4 (RFC 5844 section 4)."""
    udp_checksum_correct: bool | None = None
    udp_checksum: int | None = None
    home_address: bytes | None = None
    """Of the Home Address destination option (RFC 6275 section 6.3)."""
    routing_home_address: bytes | None = None
    """Of the type 2 routing header (RFC 6275 section 6.4)."""
    encapsulation: tuple[str, ...] = ()
    """The headers outside of the one that carries the message, outermost first."""
    gre_key: int | None = None
    protected: bool = False
    """Whether it was found behind an Authentication Header."""
    fragments: tuple[int, ...] = ()
    """Frame numbers of all fragments, when it was put together from several."""


class Undecoded(Struct, frozen=True, gc=False):
    """A frame that holds, or may hold, signalling which cannot be decoded, and why."""

    frame: Frame
    kind: str
    """``fragment``, ``esp``, ``truncated`` or ``malformed``."""
    source: bytes
    destination: bytes
    defect: Defect | None = None
    fragments: tuple[int, ...] = ()
    """Frame numbers of the fragments that came, of a packet that was never whole."""


# ------------------------------------------------------------------------------ wire → track


class Option(Struct, frozen=True, gc=False, kw_only=True):
    """A mobility option. Each option number has a class of its own in `pmiptrace.wire.options`.

    Two options are equal if their contents are, wherever they stand.
    """

    number: ClassVar[int] = -1
    excess: bytes = b""
    """Octets behind the fields that the option's definition knows; kept to write them back."""


class OpaqueOption(Option, frozen=True, kw_only=True):
    """An option whose octets could not be given a meaning: unknown number, or too short."""

    type: int
    data: bytes

    @property
    def number(self) -> int:  # type: ignore[override]
        """The number on the wire."""
        return self.type


class Body(Struct, frozen=True, gc=False, kw_only=True):
    """The fixed part of a message behind the checksum; one class per Mobility Header type."""

    mh_type: ClassVar[int] = -1
    abbreviation: ClassVar[str] = "MH"
    excess: bytes = b""


class OpaqueBody(Body, frozen=True, kw_only=True):
    """The octets of a message of unknown type, or of one too short for its fixed part."""

    data: bytes


O = TypeVar("O", bound=Option)  # noqa: E741
B = TypeVar("B", bound=Body)


class Message(Struct, frozen=True, gc=False, kw_only=True):
    """A Mobility Header message (RFC 6275 section 6.1), decoded as far as its octets allow."""

    datagram: Datagram
    payload_proto: int
    length: int
    """Octets of the whole header, as Header Len claims: (Header Len + 1) * 8."""
    mh_type: int
    reserved: int
    checksum: int
    checksum_correct: bool | None
    """None where it cannot be judged: frame cut short, or zero as RFC 5844 wants it over UDP."""
    body: Body
    options: tuple[Option, ...] = ()
    """In the order of the wire, padding included."""
    offsets: tuple[int, ...] = ()
    """Where each option's Type octet stands, from the start of the Mobility Header."""
    defects: tuple[Defect, ...] = ()
    dialect: str | None = None
    """The dialect whose numbers were translated, if the peer does not use IANA's."""
    kind: str = "MH"
    """What people call the message: ``PBU``, ``PBA``, ``BU``, ``BRI``, ``UPN`` ..."""

    @property
    def frame(self) -> Frame:
        """The frame it was found in."""
        return self.datagram.frame

    @property
    def time(self) -> int | None:
        """When it was captured."""
        return self.datagram.frame.time

    @property
    def source(self) -> bytes:
        """Address of the sender."""
        return self.datagram.source

    @property
    def destination(self) -> bytes:
        """Address of the receiver."""
        return self.datagram.destination

    def first(self, cls: type[O]) -> O | None:
        """Give the first option of a class, or None."""
        for option in self.options:
            if type(option) is cls:
                return option
        return None

    def every(self, cls: type[O]) -> tuple[O, ...]:
        """Give all options of a class, in their order."""
        return tuple(option for option in self.options if type(option) is cls)

    def has(self, number: int) -> bool:
        """Tell whether an option of that number is there, decodable or not."""
        return number in [option.number for option in self.options]

    def count(self, number: int) -> int:
        """Count the options of that number, decodable or not."""
        return [option.number for option in self.options].count(number)

    def offset_of(self, option: Option) -> int:
        """Give the place of one of its options, from the start of the Mobility Header.

        Of options that are equal, it may be the place of the first: decoding shares them.
        """
        for offset, candidate in zip(self.offsets, self.options, strict=True):
            if candidate is option:
                return offset
        raise ValueError("the option is not part of this message")


def option_number(option: Option) -> int:
    """Give the number on the wire of an option, known or not."""
    return option.number


class Identifier(Struct, frozen=True, gc=False, cache_hash=True):
    """Who a mobile node or a MAG says it is (RFC 4283, RFC 8371, RFC 8278 section 4.2)."""

    subtype: int
    octets: bytes

    def __str__(self) -> str:
        """NAI as text, IMSI as its digits, else ``subtype:hex``; never an unprintable character."""
        if self.subtype == 1:
            return printable(self.octets)
        if self.subtype == 3:
            # Two digits an octet, the high half first; 0xf fills up an odd number (RFC 8371 4.2).
            digits = self.octets.hex().removesuffix("f")
            if digits.isdecimal() and len(digits) <= 15:
                return digits
        return f"{self.subtype}:{self.octets.hex()}"


def printable(octets: bytes) -> str:
    r"""Give octets as text, everything that is not printable escaped as ``\xNN`` or ``\uNNNN``."""
    text = octets.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Prefix(Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """A network prefix; ``::/n`` stands for "assign me one" in a request."""

    address: bytes
    length: int

    @property
    def is_all_zero(self) -> bool:
        """Whether it asks for an assignment (RFC 5213 section 8.3, RFC 5844 section 3.3.1)."""
        return is_unspecified(self.address)

    def __str__(self) -> str:
        return f"{address_text(self.address)}/{self.length}"


# ----------------------------------------------------------------------------- track → rules


class Moment(Struct, frozen=True, gc=False):
    """A frame as a point of reference: where it is and when it was."""

    capture: int
    frame: int | None
    """None for what the clock brought about, such as an expiry."""
    time: int | None
    ordinal: int = 0
    """How many messages, duplicates apart, the run had seen with this one."""


@direct
class BindingState(StrEnum):
    """State of a binding as the LMA holds it; the values are the names in reports."""

    is_live: bool
    """Whether the LMA forwards traffic over a binding in this state."""

    NONE = "none", False
    PENDING = "pending", False
    ACTIVE = "active", True
    REFRESHING = "refreshing", True
    DEREG_PENDING = "deregistering", True
    DEREG_WAIT = "deregistered", False
    EXPIRED = "expired", False
    REPLACED = "replaced", False
    REJECTED = "rejected", False
    REVOKING = "revoking", True
    REVOKED = "revoked", False
    ASSUMED = "assumed", True
    SUSPECT = "suspect", True
    PENDING_TIMEOUT = "unanswered", False

    __hash__ = str.__hash__  # that of Enum calls Python code, for each look into a table

    def __new__(cls, name: str, is_live: bool) -> Self:
        """Make a state of its name in reports and whether it is live."""
        state = str.__new__(cls, name)
        state._value_ = name
        state.is_live = is_live
        return state

    @property
    def public_name(self) -> str:
        """The name in reports: an entry gone after its de-registration is `deregistered`."""
        return "deregistered" if self is BindingState.NONE else self.value


@direct
class SessionMode(StrEnum):
    """What is known of multipath for a session (RFC 8278 section 4.4)."""

    UNKNOWN = "unknown"
    SINGLE = "single"
    MULTIPATH = "multipath"
    MP_DENIED = "multipath-denied"
    MP_UNSUPPORTED = "multipath-unsupported"


@direct
class ExchangeKind(StrEnum):
    """What a request asks for; the values are the names in reports."""

    INITIAL = "initial"
    ADD_PATH = "add-path"
    REFRESH = "refresh"
    BULK = "bulk-refresh"
    OVERWRITE = "overwrite"
    COA_CHANGE = "care-of-change"
    HANDOVER = "handover"
    DEREG = "deregistration"
    DEREG_SELECTIVE = "selective-deregistration"
    REVOCATION = "revocation"
    HEARTBEAT = "heartbeat"
    NOTIFICATION = "notification"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # that of Enum calls Python code, for each look into a table


class MagNode(Struct, frozen=True, gc=False):
    """A mobile access gateway: the care-of addresses that one MAG Identifier joins."""

    id: int
    identifier: Identifier | None
    addresses: tuple[bytes, ...]
    """Care-of addresses in the order of their first use."""


class Transition(Struct, frozen=True, gc=False):
    """One change of a binding's state."""

    moment: Moment
    event: str
    """What brought it about, as `pmiptrace.track.states.Event` names it."""
    before: BindingState
    after: BindingState


class Binding(Struct, frozen=True, gc=False, kw_only=True):
    """A binding cache entry of one MAG, or one of its paths, for a session."""

    mag: int
    """Id of the MagNode."""
    bid: int | None
    """BID of RFC 8278; None where the LMA keeps a single binding."""
    care_of_address: bytes
    ports: tuple[int, int] | None = None
    access_technology: int | None = None
    """Of the MN's attachment: the Access Technology Type option."""
    interface_att: int | None = None
    """Of the path: If-ATT of the MAG Multipath Binding option."""
    interface_label: int | None = None
    handoff_indicator: int | None = None
    link_layer_identifier: bytes | None = None
    state: BindingState = BindingState.NONE
    shadow: BindingState = BindingState.NONE
    """The state to return to when a request under way is rejected."""
    lifetime: int | None = None
    """Seconds, as granted last."""
    granted_at: int | None = None
    expires_at: int | None = None
    ended_at: int | None = None
    inferred: bool = False
    """Whether it was never seen to be accepted."""
    first_request: Message | None = None
    """The first PBU of it that was seen, for what re-registrations must repeat."""
    first_reply_seen: bool = False
    last_request: Message | None = None
    """The PBU that was accepted last."""
    last_timestamp: int | None = None
    """Of the last accepted PBU, in units of 1/65536 s (RFC 5213 section 8.8)."""
    uplink_gre_key: int | None = None
    """Of the PBA that accepted it last (RFC 5845 section 5.1); None if that had no key."""
    since: Moment | None = None
    """The message that set the present state."""
    replaced_by: str | None = None
    """Why it was replaced: ``overwrite``, ``handover``, ``single``."""
    history: tuple[Transition, ...] = ()
    """The changes of its state, oldest first; of many refreshes only the newest are kept."""


class Refusal(Struct, frozen=True, gc=False):
    """An answer after which a MAG should not ask for multipath again (RFC 8278 section 4.4)."""

    mag: int
    """Id of the MagNode that got it."""
    request: Message
    status: int
    """180, or a status of acceptance where the option was missing from the answer."""
    moment: Moment


class Notified(Struct, frozen=True, gc=False, kw_only=True):
    """An Update Notification after which a MAG is to register a session anew (RFC 7077 6.1)."""

    exchange: int
    """Id of the exchange."""
    mag: int | None
    """Id of the MagNode that it went to."""
    reason: int
    moment: Moment
    status: int | None = None
    """What the MAG answered; None while it has not."""


class Session(Struct, frozen=True, gc=False, kw_only=True):
    """A mobility session: one mobile node and its prefixes at one LMA."""

    id: int
    lma: bytes
    mobile_node: Identifier | None
    prefixes: tuple[Prefix, ...] = ()
    ipv4_home_address: Prefix | None = None
    ipv4_since: Moment | None = None
    """The last acceptance, if that granted the IPv4 home address (RFC 5844 section 3.1.2.6)."""
    mode: SessionMode = SessionMode.UNKNOWN
    mode_since: Moment | None = None
    mode_by: int | None = None
    """Id of the exchange that set the mode."""
    refusal: Refusal | None = None
    """The last refusal of multipath, unless it was granted since."""
    partial: bool = False
    partial_reason: str | None = None
    bindings: tuple[Binding, ...] = ()
    first: Moment
    last: Moment
    link_local_address: bytes | None = None
    last_sent: Message | None = None
    """The PBU sent last, whatever became of it."""
    last_accepted: Message | None = None
    """The PBU that was accepted last."""
    last_accepted_timestamp: int | None = None
    closed_at: int | None = None
    """When the last binding went away."""
    unanswered: Moment | None = None
    """The last request of the session that got no answer."""
    notified: Notified | None = None
    """The last Update Notification that asks for a PBU of this session and no other."""

    @property
    def live(self) -> tuple[Binding, ...]:
        """The bindings over which the LMA forwards traffic."""
        return tuple(binding for binding in self.bindings if binding.state.is_live)

    @property
    def granted_ipv4(self) -> Prefix | None:
        """The IPv4 home address; None while it is only what the MAG asked for."""
        return None if self.ipv4_since is None else self.ipv4_home_address


class Exchange(Struct, frozen=True, gc=False, kw_only=True):
    """A request with its retransmissions and its answer, or either of them alone."""

    id: int
    kind: ExchangeKind
    session: int | None = None
    mag: int | None = None
    lma: bytes | None = None
    request: Message | None = None
    """The first attempt."""
    answered: Message | None = None
    """The attempt that the reply answers, or the last one so far."""
    attempts: tuple[Moment, ...] = ()
    """All attempts, the first included."""
    reply: Message | None = None
    replies: int = 0
    """How many replies came, capture duplicates apart."""
    certain: bool = True
    """Whether the pairing rests on more than "this was the only one outstanding"."""
    closed: bool = False

    @property
    def round_trip(self) -> int | None:
        """Nanoseconds from the attempt that was answered to the reply, if both have a time."""
        if self.reply is None or self.answered is None:
            return None
        sent, received = self.answered.time, self.reply.time
        return None if sent is None or received is None else received - sent


@direct
class Capability(StrEnum):
    """What an LMA's answers to one MAG have shown of its support for multipath."""

    UNKNOWN = "unknown"
    YES = "yes"
    NO = "no"


class Context(Struct, frozen=True, gc=False, kw_only=True):
    """What the capture as a whole says at one moment about the two peers of a message."""

    warmup: bool = False
    """Whether the capture began so recently that what came before it may still have effects."""
    half_duplex: bool = False
    """Whether no PBA of this LMA to this MAG, or no PBU of it, was seen so far."""
    capability: Capability = Capability.UNKNOWN
    """Of the LMA towards this MAG."""
    capability_since: Moment | None = None
    lma_multipath: Moment | None = None
    """The first PBA with a MAG Multipath Binding option of this LMA to any MAG."""
    lma_ipv4: Moment | None = None
    """The first sign that this LMA supports RFC 5844: option 37, 38 or 39, or status 170 to 173."""
    contiguous_since: int = 0
    """Ordinal of the MAG's message since which its sequence numbers show that none was missed."""


class Rejection(Struct, frozen=True, gc=False):
    """An answer that did not give a MAG what it asked for, or that it has to ignore."""

    mag: int
    """Id of the MagNode that got it."""
    request: Message
    """The attempt that was answered."""
    reply: Message
    moment: Moment
    asked: Moment
    """The first attempt."""


class Unlike(Struct, frozen=True, gc=False):
    """An earlier PBU to the same LMA that has an option which a PBU lacks, or lacks one it has."""

    option: int
    same_mag: bool
    moment: Moment


class Past(Struct, frozen=True, gc=False, kw_only=True):
    """What went before a PBU or PBA beyond the state of its session."""

    previous: Message | None = None
    """The PBU that the session had sent before the exchange began, if a binding was there then."""
    repeated: Message | None = None
    """Of a retransmission, the attempt before it."""
    sent_by_mag: Message | None = None
    """The PBU that the MAG had sent to this LMA before this one, for whatever mobile node."""
    requests: tuple[Moment, ...] = ()
    """The MAG's last PBUs for this mobile node at this LMA, this one included, as far as less than
    two seconds went by between one and the next; twelve at most."""
    rejections: tuple[Rejection, ...] = ()
    """What the LMA refused for this mobile node since it accepted a PBU of the same MAG."""
    unlike: tuple[Unlike, ...] = ()
    """Earlier PBUs that have an option of the domain's settings (26, 27) where this one differs."""
    others: tuple[Session, ...] = ()
    """Other sessions at this LMA, as they stood before: those of the same mobile node, and those
    of others that hold a prefix which the message names."""
    accepted: Message | None = None
    """The PBU for this mobile node that the LMA accepted last, in whatever session."""
    newest_timestamp: int | None = None
    """The greatest timestamp that the LMA accepted for this mobile node."""
    lma_sets_timers: Moment | None = None
    """The first PBA in which this LMA set the timers of its MAGs (RFC 8127)."""


class Peering(Struct, frozen=True, gc=False, kw_only=True):
    """What went between two peers before a message that is no registration."""

    sender_role: str | None = None
    """What registrations showed the sender to be for the receiver: ``MAG`` or ``LMA``."""
    sender_roles: frozenset[str] = frozenset()
    """What they showed it to be for anyone."""
    previous: Message | None = None
    """The request of the kind that the sender had sent to the receiver before; not for an attempt
    that repeats it."""
    previous_was_answered: bool = False
    refused: Moment | None = None
    """The Binding Error with status 2 by which the receiver answered such a request before."""
    restart_counter: int | None = None
    """What the sender's heartbeats to the receiver said last."""
    restart_counter_since: Moment | None = None
    """The message that said so last."""
    has_binding: bool | None = None
    """Of a Heartbeat Request: whether the two share a binding; None where that is not known."""


class Step(Struct, frozen=True, gc=False, kw_only=True):
    """One message, or one moment of the clock, with all that the tracker made of it.

    Rules see the session as it stood `before` the message, lifetimes that had run out by then
    already expired, and as it stands `after` it.
    """

    moment: Moment
    message: Message | None = None
    """None when it was the clock that moved: an expiry, a request given up."""
    exchange: Exchange | None = None
    """The exchange that the message opened, repeated or answered, as it is with the message."""
    outstanding: tuple[Exchange, ...] = ()
    """Other requests for the same mobile node at the same LMA that have no answer yet."""
    mag: MagNode | None = None
    before: Session | None = None
    after: Session | None = None
    binding_before: Binding | None = None
    """The binding that the message is about, as it stood before."""
    binding: Binding | None = None
    transitions: tuple[tuple[Binding, Transition], ...] = ()
    """What changed, each with the binding as it is after that change."""
    moved: tuple[int, ...] = ()
    """Per transition the id of the session; a restart or a revocation can be about many."""
    context: Context = Context()
    past: Past = Past()
    peering: Peering = Peering()
    events: tuple[str, ...] = ()
    """What the tracker noticed, as rule IDs of the PM-* diagnostics it stands for."""

    def proven_since(self, moment: Moment | None) -> bool:
        """Tell whether nothing that this MAG sent since that moment can have been missed.

        A session rule may accuse only then: its sequence numbers are contiguous since the state
        that the rule relies on was set, and no exchange of the session in between is unanswered.
        """
        session = self.before or self.after
        if self.mag is None or moment is None or session is None:
            return False
        if session.partial and moment == session.first:
            return False
        unanswered = session.unanswered.ordinal if session.unanswered else 0
        if moment.ordinal < self.context.contiguous_since or moment.ordinal <= unanswered:
            return False
        asked = self.moment.ordinal
        if self.exchange is not None and self.exchange.attempts:
            asked = self.exchange.attempts[0].ordinal
        return not any(
            moment.ordinal < other.attempts[0].ordinal < asked
            for other in self.outstanding
            if other.attempts
        )


# ----------------------------------------------------------------------------- rules → report


@direct
class Severity(StrEnum):
    """How grave a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@direct
class Status(StrEnum):
    """What a finding claims: a violation, a suspicion the capture cannot settle, or a remark."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOTE = "note"


class Party(Struct, frozen=True, gc=False):
    """Who is accused."""

    role: str
    """``MAG``, ``LMA`` or ``unknown``."""
    address: bytes | None = None
    identifier: Identifier | None = None


class Span(Struct, frozen=True, gc=False):
    """Octets of a frame that hold the violation."""

    offset: int
    length: int
    field: str


class Suppression(Struct, frozen=True, gc=False, kw_only=True):
    """Why a finding is known and makes no run fail."""

    by: str
    """``ignore`` for an entry of the configuration, ``baseline`` for one of a baseline."""
    reason: str | None = None
    expires: str | None = None
    """The last day on which it holds, as ``2027-01-31``; None if there is none."""


class Finding(Struct, frozen=True, gc=False, kw_only=True):
    """One breach of a rule, or one remark, in one transaction."""

    rule: str
    severity: Severity
    status: Status
    why_inconclusive: str | None = None
    confidence: str
    """``packet``, ``exchange`` or ``session``: how much had to be seen to decide."""
    party: Party
    moment: Moment
    """The frame that shows it."""
    evidence: tuple[Moment, ...] = ()
    """Further frames that it rests on."""
    occurrences: int = 1
    session: int | None = None
    exchange: int | None = None
    lma: bytes | None = None
    mobile_node: Identifier | None = None
    bid: int | None = None
    span: Span | None = None
    field: str | None = None
    message: str
    keyword: str | None = None
    reference: str | None = None
    suppression: Suppression | None = None
    """None for one that counts; the rules know of none, `pmiptrace.selection` sets it."""


@direct
class RuleState(StrEnum):
    """What became of a rule in a run, worst first: one failure makes it `failed`."""

    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    """It was not broken as far as is known, but some cases could not be decided."""
    PASSED = "passed"
    UNTESTED = "untested"
    """Nothing in the captures put it to the test."""
    OFF = "off"
    """It is judged only with a setting that was not given."""


class RuleCount(Struct, frozen=True):
    """How often a rule was judged, and how it went."""

    rule: str
    judged: int
    passed: int
    failed: int
    inconclusive: int
    switch: str | None = None
    """The setting without which it is not judged, if that was not given."""

    @property
    def state(self) -> RuleState:
        """What became of it, in a word."""
        if self.failed:
            return RuleState.FAILED
        if self.inconclusive:
            return RuleState.INCONCLUSIVE
        if self.passed:
            return RuleState.PASSED
        return RuleState.UNTESTED if self.switch is None else RuleState.OFF


class KnownFault(Struct, frozen=True, kw_only=True):
    """An entry of a baseline: a fault that is known, with what people need to recognise it."""

    fingerprint: str
    """What tells it from others in whatever capture (`pmiptrace.report.document.fingerprint`)."""
    rule: str
    party: str
    """Who is accused, in words."""
    mobile_node: str | None = None
    field: str | None = None
    count: int = 1
    """How often it was found when the baseline was written."""
    first_seen: str | None = None
    """The day of the first frame that showed it, as ``2027-01-31``."""
    reason: str = ""
    expires: str | None = None
    """The last day on which the entry holds."""


class BaselineResult(Struct, frozen=True, kw_only=True):
    """How what is reported compares to a baseline."""

    path: str
    known: int = 0
    """Findings that the baseline knows."""
    new: int = 0
    """Findings of status fail that it does not know."""
    gone: tuple[KnownFault, ...] = ()
    """Entries of which nothing was found in the captures."""
    expired: tuple[KnownFault, ...] = ()
    """Entries that no longer hold, and of which something was found."""


class Report(Struct, frozen=True, kw_only=True):
    """All that an analysis found."""

    captures: tuple[CaptureInfo, ...] = ()
    messages: int = 0
    messages_by_type: dict[str, int] = field(default_factory=dict)
    mags: dict[int, MagNode] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    findings: tuple[Finding, ...] = ()
    rules: tuple[RuleCount, ...] = ()
    rules_by_capture: tuple[tuple[RuleCount, ...], ...] = ()
    """The same for each capture, of those that could be opened."""
    baseline: BaselineResult | None = None
    """None where there is no baseline to compare with."""
    each: bool = False
    """Whether every capture was a run of its own, not all of them one."""
    interrupted: bool = False

    @property
    def is_apart(self) -> bool:
        """Whether there are several captures, each a run of its own."""
        return self.each and len(self.captures) > 1
