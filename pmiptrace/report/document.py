"""The machine-readable report as types: what JSON shows of an analysis, field by field.

These classes are the public interface, and the JSON Schema is made from them. Fields may be added;
none is renamed or removed without a new `SCHEMA_VERSION`. What is absent is null, never missing.
The schema says of a field what stands beneath it here, and then what its type says.
`pmiptrace.report.as_document` makes them from the values of `pmiptrace.model`.

Text from a capture can hold anything. Here every character that is not printable is escaped
(`pmiptrace.report.escaping`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pmiptrace.model import BindingState, ExchangeKind, RuleState, SessionMode, Severity, Status

SCHEMA_VERSION = "1.0"

Time = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$",
        description="RFC 3339 in UTC with nanoseconds.",
    ),
]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A day, as 2027-01-31.")]
Address = Annotated[str, Meta(description="IPv4 or IPv6 address, as RFC 5952 writes it.")]
PrefixText = Annotated[str, Meta(description="Network prefix as address/length.")]
Name = Annotated[
    str, Meta(description="NAI as text, IMSI as its digits, any other identifier as subtype:hex.")
]
Count = Annotated[int, Meta(ge=0)]
SchemaVersion = Annotated[
    Literal["1.0"], Meta(description="Of the schema; fields may be added without another.")
]
MessagesByType = Annotated[
    dict[str, Count],
    Meta(description="Messages by their short name, PBU, PBA ...; duplicates are left out."),
]
Seconds = Annotated[float, Meta(ge=0)]
Milliseconds = Annotated[float, Meta(ge=0, description="Milliseconds.")]
FrameNumber = Annotated[int, Meta(ge=1, description="Position in its file, from 1.")]
CaptureIndex = Annotated[int, Meta(ge=0, description="Index into `captures`, from 0.")]
Transport = Annotated[
    Literal["ipv6", "ipv4", "udp4", "udp6"],
    Meta(description="The IP version; udp4 or udp6 if UDP is between (RFC 5844 section 4)."),
]
SessionId = Annotated[
    int, Meta(ge=1, description="Number of a session, of this run only; some may be missing.")
]
ExchangeId = Annotated[
    int, Meta(ge=1, description="Number of an exchange, of this run only; some may be missing.")
]
RuleId = Annotated[
    str, Meta(description="ID of a rule, as `pmiptrace explain` takes it; PM-... is a remark.")
]
Reference = Annotated[str, Meta(description="Document and section, as `RFC 8278 section 4.1`.")]
Fingerprint = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{16}$",
        description="The same for the same fault of the same party in another capture.",
    ),
]
Octet = Annotated[int, Meta(ge=0, le=255)]
Bid = Annotated[
    int,
    Meta(ge=0, le=255, description="Binding ID (RFC 8278 section 4.1); 0 and 255 are reserved."),
]
IfAtt = Annotated[
    int,
    Meta(
        ge=0,
        le=255,
        description="If-ATT, access technology of the path (RFC 8278 section 4.1), as in IANA's "
        "registry of Access Technology Types.",
    ),
]
IfLabel = Annotated[
    int,
    Meta(
        ge=0,
        le=255,
        description="If-Label, which the MAG gives to its interfaces (RFC 8278 section 4.1).",
    ),
]
AccessTechnology = Annotated[
    int,
    Meta(
        ge=0,
        le=255,
        description="Access Technology Type of the node's attachment (RFC 5213 section 8.5).",
    ),
]
HandoffIndicator = Annotated[
    int, Meta(ge=0, le=255, description="Handoff Indicator (RFC 5213 section 8.4).")
]
SequenceNumber = Annotated[
    int,
    Meta(
        ge=0,
        le=2**32 - 1,
        description="Sequence #, of 16 bits; of 32 in Heartbeats (RFC 5847), of 8 in RFC 7161.",
    ),
]
Lifetime = Annotated[
    int,
    Meta(ge=0, le=65535 * 4, description="Seconds, on the wire in units of 4; 0 de-registers."),
]
StateName = Annotated[
    str,
    Meta(
        description="Its state at the LMA; `deregistered` also when the entry was deleted.",
        extra_json_schema={"enum": sorted({state.public_name for state in BindingState})},
    ),
]
TransitionState = Annotated[
    str,
    Meta(
        description="A state that a binding passes through; `none` while there is no entry.",
        extra_json_schema={"enum": sorted(state.value for state in BindingState)},
    ),
]


class PluginDocument(Struct, frozen=True):
    """What another package brings, or would bring."""

    name: str
    """Name of its entry point."""
    version: str | None
    """Of the package; null if it does not say."""
    kind: Literal["rules", "options", "formats"]
    """What it brings."""
    error: str | None
    """Why it was left out; null if it was not."""


class Tool(Struct, frozen=True):
    """The program that made the report."""

    name: str
    """`pmiptrace`."""
    version: str
    """Of the program, not of the schema."""
    plugins: tuple[PluginDocument, ...]
    """The plugins that were found, working or not."""


class CaptureProblem(Struct, frozen=True):
    """Something wrong with a capture file itself."""

    kind: str
    """A word for programs: `unopened`, `truncated`, `compression`, `esp` ..."""
    offset: Count | None
    """Octets into the file, decompressed; null if it is at no one place."""
    frame: FrameNumber | None
    """The frame that is damaged, or would stand there; null if it is about none."""
    message: str
    """The same in words."""


class CaptureDocument(Struct, frozen=True, kw_only=True):
    """One capture: what it is, and what was read of it."""

    path: str
    """The file, as it was named on the command line or found in a folder; `-` is standard input."""
    format: Literal["pcap", "pcapng"] | None
    """What kind of file it is; null if it was not opened."""
    packets: Count
    """All packets that were read of it, signalling or not."""
    messages: Count
    """Mobility Header messages, duplicates apart."""
    duplicates: Count
    """Messages that the run had seen before, in this capture or another; not among `messages`."""
    first_time: Time | None
    """Of its first packet with a time, by its own clock; null if none has one."""
    last_time: Time | None
    """Of the last such packet that was read, in the order of the file, by its own clock."""
    clock_offset_ms: float
    """Milliseconds added to all other times of it, to match the first capture's clock."""
    dialect: str | None
    """The first dialect that messages were translated from; null for IANA's numbers alone."""
    truncated: bool
    """Whether the file ends within a record, or its compression is broken."""
    problems: tuple[CaptureProblem, ...]
    """What is wrong with the file, and what of it could not be read."""


class FindingCounts(Struct, frozen=True):
    """Findings of status fail by severity; inconclusive, notes and suppressed apart."""

    error: Count
    """Violations (status `fail`) of severity error."""
    warning: Count
    """Violations of severity warning."""
    info: Count
    """Violations of severity info."""
    inconclusive: Count
    """Suspicions that the capture does not settle, of any severity."""
    note: Count
    """Remarks that accuse nobody."""
    suppressed: Count
    """Those that an ignore or the baseline knows; in no other count."""


class Summary(Struct, frozen=True, kw_only=True):
    """How much was read, and how much of it is reported."""

    messages: Count
    """In all captures, duplicates apart, whatever is reported."""
    exchanges: Count
    """Those reported; in lines, one that was given up and then answered counts twice."""
    sessions: Count
    """Those reported."""
    bindings: Count
    """Of these sessions, whatever state they ended in."""
    findings: FindingCounts
    each: bool
    """Whether every capture was judged on its own, not all of them as one run."""
    interrupted: bool
    """Whether the analysis was stopped early."""


class RuleDocument(Struct, frozen=True):
    """How often a rule was judged, and how it went, over the captures as a whole."""

    rule: RuleId
    judged: Count
    """How often it applied: the sum of the next three."""
    passed: Count
    """How often it was kept."""
    failed: Count
    """How often it was broken."""
    inconclusive: Count
    """How often the capture did not settle it."""
    state: RuleState
    """The worst that happened; `untested` if it never applied, `off` if it waits for a setting."""


class MagDocument(Struct, frozen=True):
    """A mobile access gateway: its identifier and care-of addresses, as far as they were seen."""

    identifier: Name | None
    """Its MAG Identifier (RFC 8278 section 4.2); null if none was seen."""
    addresses: tuple[Address, ...]
    """Its care-of addresses in the order of first use; empty if the MAG is not known."""


class TransitionDocument(Struct, frozen=True, kw_only=True):
    """One change of a binding's state; `frame` is null for what the clock brought about."""

    time: Time | None
    """When it happened; null if the capture has no times."""
    capture: CaptureIndex
    frame: FrameNumber | None
    """The message that brought it about; null for time, as at the end of a lifetime."""
    event: str
    """What brought it about, in the words of the table of states: `PBU`, `accepted` ..."""
    before: TransitionState = msgspec.field(name="from")
    """The state before."""
    after: TransitionState = msgspec.field(name="to")
    """The state after; the same as before where a lifetime was granted anew."""


class BindingDocument(Struct, frozen=True, kw_only=True):
    """A binding as it stood when the capture ended."""

    bid: Bid | None
    """Of the path; null where the LMA keeps a single binding, without RFC 8278."""
    mag: MagDocument
    """The MAG that registered it."""
    care_of_address: Address
    """The MAG's end of the path."""
    interface_label: IfLabel | None
    """Of the path; null without the MAG Multipath Binding option."""
    interface_att: IfAtt | None
    """Of the path; null without the MAG Multipath Binding option."""
    access_technology: AccessTechnology | None
    """Of its PBU, or of the PBA if none was captured; null without that option."""
    state: StateName
    lifetime_s: Lifetime | None
    """As granted last; null if no grant was seen."""
    granted_at: Time | None
    """When the lifetime was granted last; null if that was not seen, or has no time."""
    expires_at: Time | None
    """`granted_at` and the lifetime, also when it ended before; null as `granted_at` is."""
    ended_at: Time | None
    """When it ceased to be live or asked for; null while it is, or if that has no time."""
    history: tuple[TransitionDocument, ...]
    """Its changes, oldest first; of many refreshes the newest."""


class SessionDocument(Struct, frozen=True, kw_only=True):
    """A mobile node with its prefixes at one LMA, and the bindings that it has or had."""

    id: SessionId
    lma: Address
    """The LMA's address, where PBUs go."""
    mobile_node: Name | None
    """Of the Mobile Node Identifier option (RFC 4283); null if its messages have none."""
    prefixes: tuple[PrefixText, ...]
    """Home network prefixes that were asked for by name or assigned."""
    ipv4_home_address: PrefixText | None
    """Of the mobile node; null unless the last PBA granted one (RFC 5844 section 3.1.2.6)."""
    mode: SessionMode
    partial: bool
    """Whether it began before the capture."""
    partial_reason: str | None
    """What shows that, in words; null if it is not partial."""
    bindings: tuple[BindingDocument, ...]


class FramePlace(Struct, frozen=True):
    """Where a frame is."""

    capture: CaptureIndex
    frame: FrameNumber


class FrameMoment(Struct, frozen=True):
    """Where a frame is, and when it was captured."""

    capture: CaptureIndex
    frame: FrameNumber
    time: Time | None
    """When it was captured; null if the capture has no times."""


class MultipathDocument(Struct, frozen=True):
    """The MAG Multipath Binding option (RFC 8278 section 4.1)."""

    if_att: IfAtt
    label: IfLabel
    bid: Bid
    bulk: bool
    """The B flag: renew the lifetime of all of the mobile node's bindings."""
    overwrite: bool
    """The O flag: replace all of the mobile node's bindings by this one."""


class StatusDocument(Struct, frozen=True):
    """A status code and its registered name."""

    code: Octet
    """The Status field; 128 and more refuse, but in a Binding Error, which always does."""
    name: str
    """As IANA has it; `Unassigned` for a code without a name."""


class ExchangeDocument(Struct, frozen=True, kw_only=True):
    """A request with its retransmissions and its reply, or either of them alone."""

    id: ExchangeId
    session: SessionId | None
    """The session that it is about; null for none, as with Heartbeats, or if it is not known."""
    kind: ExchangeKind
    """What the request asks for; `unknown` if it was not captured."""
    mobile_node: Name | None
    """The one that the request names, else the reply; null if neither does."""
    lma: Address | None
    """The LMA's address; null where it is not known which of the two ends is the LMA."""
    mag: MagDocument
    """The MAG; without identifier and addresses where it is not known."""
    care_of_address: Address | None
    """The one that a PBU registers (RFC 5213 section 6.9.1.5); else the MAG's end."""
    transport: Transport | None
    """Of the request, else of the reply; null only if no message could be read."""
    bid: Bid | None
    """Of the PBU, else of the PBA; null without the MAG Multipath Binding option."""
    sequence: SequenceNumber | None
    """Of the first attempt, else of the reply; null only if no message could be read."""
    handoff_indicator: HandoffIndicator | None
    """Of the PBU, else of the PBA; null without that option."""
    access_technology: AccessTechnology | None
    """Of the PBU, else of the PBA; null without that option."""
    multipath: MultipathDocument | None
    """Of the PBU, else of the PBA; null without that option."""
    requested_lifetime_s: Lifetime | None
    """Of the PBU; null if it was not captured, or for other messages."""
    granted_lifetime_s: Lifetime | None
    """Of a PBA that accepts; null if there is none."""
    request: FrameMoment | None
    """The first attempt; null if the request was not captured."""
    retransmissions: tuple[FrameMoment, ...]
    """The further attempts, oldest first; of very many not all."""
    reply: FrameMoment | None
    """The answer; null if none was captured."""
    status: StatusDocument | None
    """Of the reply; null if there is none, or it has no such field."""
    rtt_ms: Milliseconds | None
    """From the attempt that was answered to the reply; null without both times, or if below 0."""


class PartyDocument(Struct, frozen=True):
    """Who is accused."""

    role: Literal["MAG", "LMA", "unknown"]
    """`unknown` if nobody is accused, or the capture does not show who it was."""
    address: Address | None
    """Its address in the messages; null if it is not known."""
    identifier: Name | None
    """The MAG's (RFC 8278 section 4.2); null if none was seen, and for an LMA."""


class SpanDocument(Struct, frozen=True):
    """Octets of the frame that hold the violation."""

    offset: Count
    """Octets from the start of the captured frame, link layer included."""
    length: Count
    """Whole octets, also for single bits; those that were captured."""
    field: str
    """The field, as the RFC names it: `MAG Multipath Binding: Binding ID`."""


class SuppressionDocument(Struct, frozen=True):
    """Why a finding is known and makes no run fail."""

    by: Literal["ignore", "baseline"]
    """An entry of the configuration's ignores, or of the baseline."""
    reason: str | None
    """As it stands in that entry; null if there is none, or names are redacted."""
    expires: Day | None
    """The last day on which the entry holds; null if it has none."""


class FindingDocument(Struct, frozen=True, kw_only=True):
    """A breach of a rule, a suspicion of one that the capture cannot settle, or a remark."""

    rule: RuleId
    severity: Severity
    """How grave it is, as the rule, the case or the configuration has it."""
    status: Status
    """`fail` is proven, `inconclusive` suspected, `note` a remark that accuses nobody."""
    why_inconclusive: str | None
    """The explanation that the capture does not exclude; null unless inconclusive."""
    confidence: Literal["packet", "exchange", "session"]
    """What had to be seen to decide: one packet, request and answer, or all since some message."""
    party: PartyDocument
    capture: CaptureIndex
    """Of `frame`."""
    frame: FrameNumber | None
    """The frame that shows it, else the first that it rests on; null if time alone shows it."""
    frames: tuple[FramePlace, ...]
    """That frame and those that it rests on besides, by capture and frame."""
    time: Time | None
    """When the message that shows it came, or time brought it about; null if that has no time."""
    occurrences: Annotated[int, Meta(ge=1)]
    """How often it was seen in the exchange, or by a rule that reports once per capture or peer."""
    session: SessionId | None
    """The session that it is about; null if there is none."""
    exchange: ExchangeId | None
    """The exchange that it is about; null if there is none."""
    lma: Address | None
    """The LMA that it is about, accused or not; null if it is not known."""
    mobile_node: Name | None
    """The mobile node that it is about; null if it is not known, or it is about none."""
    bid: Bid | None
    """Of the message, else of its binding; null if neither has one."""
    span: SpanDocument | None
    """Where it is; null if it is no one field, or the message came in fragments."""
    message: str
    """The evidence in one line, with the actual values."""
    keyword: str | None
    """`MUST`, `SHOULD NOT` ... of the sentence (RFC 2119); null if it has none."""
    reference: Reference | None
    """What it breaks; null for a remark of the analyzer's own."""
    fingerprint: Fingerprint
    suppression: SuppressionDocument | None
    """Why it makes no run fail; null for one that counts."""


class KnownFaultDocument(Struct, frozen=True, kw_only=True):
    """An entry of the baseline."""

    fingerprint: Fingerprint
    """Of the findings that it knows."""
    rule: str
    """ID of the rule, as it was when the entry was written; may be empty."""
    party: str
    """Who is accused, in words; may be empty."""
    mobile_node: Name | None
    """The mobile node that it is about; null if it is about none."""
    field: str | None
    """The field that is wrong, as in `span`; null if it is about none."""
    count: Annotated[int, Meta(ge=1)]
    """How often it was found when the baseline was written."""
    first_seen: Day | None
    """The day of the first frame that showed it; null if that had no time."""
    reason: str | None
    """What people wrote about it; null for nothing."""
    expires: Day | None
    """The last day on which it holds; null if there is none."""


class BaselineDocument(Struct, frozen=True, kw_only=True):
    """How what is reported compares to the baseline."""

    path: str
    """The file of the baseline; `redacted` where names are."""
    known: Count
    """Findings that it knows."""
    new: Count
    """Findings of status fail that it does not know."""
    gone: tuple[KnownFaultDocument, ...]
    """Entries of which nothing is in the captures; none if these were not all read to the end."""
    expired: tuple[KnownFaultDocument, ...]
    """Entries that no longer hold, and of which something is found."""


class ReportDocument(Struct, frozen=True, kw_only=True):
    """All that an analysis found: the report of ``pmiptrace analyze --format json``."""

    schema_version: SchemaVersion
    tool: Tool
    captures: tuple[CaptureDocument, ...]
    """In the order of the command line; those that could not be opened come last."""
    summary: Summary
    messages_by_type: MessagesByType
    baseline: BaselineDocument | None
    """How findings compare to the baseline; null without one."""
    rules: tuple[RuleDocument, ...]
    """Every rule that is reported, judged or not; remarks (PM-...) are left out."""
    sessions: tuple[SessionDocument, ...]
    """As they stood when they were over, or when the captures ended."""
    exchanges: tuple[ExchangeDocument, ...]
    """All that are reported, answered or not."""
    findings: tuple[FindingDocument, ...]
    """All that are reported, suppressed ones too."""


class DefectDocument(Struct, frozen=True):
    """A place where octets do not follow their format."""

    kind: str
    """A word for programs: `header-short`, `option-overrun`, `truncated` ..."""
    layer: str
    """The format that is broken: `Mobility Header`, `option 63`, `UDP` ..."""
    offset: Count
    """Octets from the start of the Mobility Header; of a header around it, of frame or packet."""
    needed: int
    """Octets that the format wants there; of kind `nesting`, tunnels."""
    available: int
    """Octets that there are, or that the format allows; of kind `nesting`, tunnels."""
    length_field: str | None
    """The length field that promises more, or less, than there is; null if none does."""


class MessageDocument(Struct, frozen=True, kw_only=True):
    """A Mobility Header message, decoded as far as its octets allow."""

    capture: CaptureIndex
    frame: FrameNumber
    """Of the last fragment, if it came in several."""
    time: Time | None
    """When the frame was captured; null if the capture has no times."""
    source: Address
    """Of the IP packet that carries it."""
    destination: Address
    """Of the IP packet that carries it, as `source`."""
    transport: Transport
    encapsulation: tuple[str, ...]
    """What is around that IP packet, outermost first: `VLAN 100`, tunnels with their ends ..."""
    kind: str
    """PBU, PBA, BRI ...; MH for an unknown type."""
    mh_type: Octet
    """MH Type (RFC 6275 section 6.1.1)."""
    name: str
    """Registered name of the type: `Binding Update`, also for a PBU; `Unknown` for others."""
    flags: tuple[str, ...]
    """The letters of the flags that are set, in the order of the wire."""
    sequence: SequenceNumber | None
    """Of the message; null if it has none, or is too short."""
    lifetime_s: Lifetime | None
    """Asked for or granted, of BU, PBU, BA and PBA; null for others."""
    status: StatusDocument | None
    """Its Status field; null for a message without one."""
    fields: dict[str, Any]
    """The fixed part, field by field; `x_name` explains a code, `x_s` gives a time in seconds."""
    options: tuple[dict[str, Any], ...]
    """In the order of the wire: `number`, `name`, and the fields of each in the same way."""
    checksum_correct: bool | None
    """Whether it is; null where octets are missing, or over UDP, where it is unused (RFC 5844)."""
    defects: tuple[DefectDocument, ...]
    """Where it does not follow the format; empty if all is well."""
    dialect: str | None
    """The dialect that it was translated from; null for IANA's numbers."""
