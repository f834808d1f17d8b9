"""The values of an analysis as documents: as the types of `pmiptrace.report.document`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, TypeVar, overload

import msgspec

from pmiptrace.address import address_text
from pmiptrace.errors import CaptureError
from pmiptrace.model import (
    BaselineResult,
    Binding,
    Body,
    CaptureInfo,
    Datagram,
    Defect,
    Exchange,
    Finding,
    KnownFault,
    MagNode,
    Message,
    Moment,
    Problem,
    Report,
    RuleCount,
    Session,
    Status,
    Transition,
)
from pmiptrace.plugins import Plugin, plugins
from pmiptrace.report.document import (
    BaselineDocument,
    BindingDocument,
    CaptureDocument,
    CaptureProblem,
    DefectDocument,
    ExchangeDocument,
    FindingCounts,
    FindingDocument,
    FrameMoment,
    FramePlace,
    KnownFaultDocument,
    MagDocument,
    MessageDocument,
    MultipathDocument,
    PartyDocument,
    PluginDocument,
    ReportDocument,
    RuleDocument,
    SessionDocument,
    SpanDocument,
    StatusDocument,
    Summary,
    SuppressionDocument,
    Tool,
    TransitionDocument,
    Transport,
)
from pmiptrace.report.escaping import clean, clean_or_none, name_text, path_text
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.report.times import rfc3339
from pmiptrace.report.version import version
from pmiptrace.selection import mobile_node
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire import fields
from pmiptrace.wire.body import message_type
from pmiptrace.wire.fields import status_names
from pmiptrace.wire.layout import Flag, Layout
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate

# ---------------------------------------------------------------------------------- captures


def tool() -> Tool:
    """Give the name and version of this program, and the plugins that it found."""
    return Tool("pmiptrace", version(), tuple(map(_plugin_document, plugins())))


def _plugin_document(plugin: Plugin) -> PluginDocument:
    kind: Any = plugin.kind
    return PluginDocument(clean(plugin.name), plugin.version, kind, clean_or_none(plugin.error))


def capture_document(info: CaptureInfo) -> CaptureDocument:
    """Show a capture."""
    return CaptureDocument(
        path=path_text(info.path),
        format="pcap" if info.format == "pcap" else "pcapng" if info.format else None,
        packets=info.packets,
        messages=info.messages,
        duplicates=info.duplicates,
        first_time=rfc3339(info.first_time),
        last_time=rfc3339(info.last_time),
        clock_offset_ms=info.clock_offset / 1_000_000,
        dialect=info.dialect,
        truncated=info.truncated,
        problems=tuple(
            CaptureProblem(p.kind, p.offset, p.frame, clean(p.message)) for p in info.problems
        ),
    )


FATAL_PROBLEMS = frozenset({"unopened", "internal-error"})
"""Problems of a capture for which nothing of it is reported."""


def unopened(error: CaptureError) -> CaptureInfo:
    """Give the entry among the captures for one that could not be opened."""
    return CaptureInfo(path=error.path, problems=(Problem("unopened", error.reason),))


def with_unopened(report: Report, errors: Iterable[CaptureError]) -> Report:
    """Add the captures that could not be opened behind those that were."""
    read = {info.path for info in report.captures}
    added = tuple(unopened(error) for error in errors if error.path not in read)
    return msgspec.structs.replace(report, captures=report.captures + added)


# -------------------------------------------------------------------- sessions and bindings


def mag_document(mags: Mapping[int, MagNode], mag: int | None) -> MagDocument:
    """Show a MAG; one that is not known has neither identifier nor addresses."""
    node = None if mag is None else mags.get(mag)
    if node is None:
        return MagDocument(None, ())
    return mag_node_document(node)


@lru_cache(maxsize=1024)
def mag_node_document(node: MagNode) -> MagDocument:
    """Show a MAG by its identifier and addresses."""
    return MagDocument(name_text(node.identifier), tuple(map(address_text, node.addresses)))


def transition_document(transition: Transition) -> TransitionDocument:
    """Show a change of state."""
    moment = transition.moment
    return TransitionDocument(
        time=rfc3339(moment.time),
        capture=moment.capture,
        frame=moment.frame,
        event=transition.event,
        before=transition.before,
        after=transition.after,
    )


def binding_document(binding: Binding, mags: Mapping[int, MagNode]) -> BindingDocument:
    """Show a binding."""
    return BindingDocument(
        bid=binding.bid,
        mag=mag_document(mags, binding.mag),
        care_of_address=address_text(binding.care_of_address),
        interface_label=binding.interface_label,
        interface_att=binding.interface_att,
        access_technology=binding.access_technology,
        state=binding.state.public_name,
        lifetime_s=binding.lifetime,
        granted_at=rfc3339(binding.granted_at),
        expires_at=rfc3339(binding.expires_at),
        ended_at=rfc3339(binding.ended_at),
        history=tuple(map(transition_document, binding.history)),
    )


def session_document(session: Session, mags: Mapping[int, MagNode]) -> SessionDocument:
    """Show a session."""
    home = session.granted_ipv4
    return SessionDocument(
        id=session.id,
        lma=address_text(session.lma),
        mobile_node=name_text(session.mobile_node),
        prefixes=tuple(map(str, session.prefixes)),
        ipv4_home_address=None if home is None else str(home),
        mode=session.mode,
        partial=session.partial,
        partial_reason=clean_or_none(session.partial_reason),
        bindings=tuple(binding_document(binding, mags) for binding in session.bindings),
    )


# -------------------------------------------------------------------------------- exchanges


E = TypeVar("E", bound=ExchangeDocument)


@overload
def exchange_document(exchange: Exchange, mags: Mapping[int, MagNode]) -> ExchangeDocument: ...


@overload
def exchange_document(exchange: Exchange, mags: Mapping[int, MagNode], cls: type[E]) -> E: ...


def exchange_document(
    exchange: Exchange,
    mags: Mapping[int, MagNode],
    cls: type[ExchangeDocument] = ExchangeDocument,
) -> ExchangeDocument:
    """Show an exchange: the request's contents, or those of the reply where no request was seen."""
    request, reply = exchange.request, exchange.reply
    asked, answer = _registration(request), _registration(reply)
    shown = asked or answer
    path = shown.multipath if shown else None
    seen = request or reply
    rtt = exchange.round_trip
    return cls(
        id=exchange.id,
        session=exchange.session,
        kind=exchange.kind,
        mobile_node=name_text(mobile_node(request, reply)),
        lma=None if exchange.lma is None else address_text(exchange.lma),
        mag=mag_document(mags, exchange.mag),
        care_of_address=_care_of_address(exchange, shown),
        transport=transport(seen.datagram) if seen else None,
        bid=path.bid if path else None,
        sequence=_first_sequence(request, reply),
        handoff_indicator=shown.handoff_indicator if shown else None,
        access_technology=shown.access_technology if shown else None,
        multipath=MultipathDocument(path.if_att, path.if_label, path.bid, path.bulk, path.overwrite)
        if path
        else None,
        requested_lifetime_s=asked.lifetime if asked else None,
        granted_lifetime_s=answer.lifetime if answer and answer.accepted else None,
        request=frame_moment(request),
        retransmissions=tuple(
            FrameMoment(moment.capture, moment.frame, rfc3339(moment.time))
            for moment in exchange.attempts[1:]
            if moment.frame is not None
        ),
        reply=frame_moment(reply),
        status=status_document(reply.body) if reply else None,
        rtt_ms=None if rtt is None or rtt < 0 else rtt / 1_000_000,
    )


def _registration(message: Message | None) -> Registration | None:
    if message and isinstance(message.body, BindingUpdate | BindingAcknowledgement):
        return registration(message)
    return None


def _care_of_address(exchange: Exchange, shown: Registration | None) -> str | None:
    """Give the address of the path: the MAG's end of the exchange, or the address it stands for."""
    if shown:
        return address_text(shown.care_of_address)
    message = exchange.request or exchange.reply
    if message is None:
        return None
    from_lma = message.source == exchange.lma
    return address_text(message.destination if from_lma else message.source)


def transport(datagram: Datagram) -> Transport:
    """Name what carried a message: IP, or UDP over it."""
    if len(datagram.source) == 16:
        return "udp6" if datagram.ports else "ipv6"
    return "udp4" if datagram.ports else "ipv4"


def _first_sequence(*messages: Message | None) -> int | None:
    for message in messages:
        sequence = _number(message.body, "sequence") if message else None
        if sequence is not None:
            return sequence
    return None


def _number(body: Body, name: str) -> int | None:
    value = getattr(body, name, None)
    return value if isinstance(value, int) else None


def frame_moment(message: Message | None) -> FrameMoment | None:
    """Show where a message is; None for none."""
    if message is None:
        return None
    frame = message.frame
    return FrameMoment(frame.capture, frame.number, rfc3339(frame.time))


def status_document(body: Body) -> StatusDocument | None:
    """Show the status that a reply gives; None for a message that has no such field."""
    code = _number(body, "status")
    if code is None:
        return None
    return StatusDocument(code, status_names(type(body)).get(code, "Unassigned"))


# --------------------------------------------------------------------------------- findings


def finding_document(finding: Finding) -> FindingDocument:
    """Show a finding."""
    party, span, moment = finding.party, finding.span, finding.moment
    frames = [m for m in (moment, *finding.evidence) if m.frame is not None]
    shown = frames[0] if frames else moment
    role = party.role
    return FindingDocument(
        rule=finding.rule,
        severity=finding.severity,
        status=finding.status,
        why_inconclusive=clean_or_none(finding.why_inconclusive),
        confidence=finding.confidence,  # type: ignore[arg-type]
        party=PartyDocument(
            role,  # type: ignore[arg-type]
            None if party.address is None else address_text(party.address),
            name_text(party.identifier),
        ),
        capture=shown.capture,
        frame=shown.frame,
        frames=_frame_places(frames),
        time=rfc3339(moment.time),
        occurrences=finding.occurrences,
        session=finding.session,
        exchange=finding.exchange,
        lma=None if finding.lma is None else address_text(finding.lma),
        mobile_node=name_text(finding.mobile_node),
        bid=finding.bid,
        span=SpanDocument(span.offset, span.length, span.field) if span else None,
        message=clean(finding.message),
        keyword=finding.keyword,
        reference=finding.reference,
        fingerprint=fingerprint(finding),
        suppression=None
        if (known := finding.suppression) is None
        else SuppressionDocument(known.by, clean_or_none(known.reason), known.expires),  # type: ignore[arg-type]
    )


def _frame_places(moments: Iterable[Moment]) -> tuple[FramePlace, ...]:
    places = {(moment.capture, moment.frame) for moment in moments if moment.frame is not None}
    return tuple(FramePlace(capture, frame) for capture, frame in sorted(places))


def count_findings(findings: Iterable[Finding]) -> FindingCounts:
    """Count findings as `counted_as` says."""
    return finding_counts(Counter(map(counted_as, findings)))


def finding_counts(counts: Counter[str]) -> FindingCounts:
    """Give counts by `counted_as` their type."""
    return FindingCounts(*(counts[name] for name in FindingCounts.__struct_fields__))


def counted_as(finding: Finding) -> str:
    """Give the field of `FindingCounts` that a finding is counted in."""
    if finding.suppression is not None:
        return "suppressed"
    kind = finding.severity if finding.status is Status.FAIL else finding.status
    return kind.value


# --------------------------------------------------------------------------------- messages


M = TypeVar("M", bound=MessageDocument)


@overload
def message_document(message: Message) -> MessageDocument: ...


@overload
def message_document(message: Message, cls: type[M]) -> M: ...


def message_document(
    message: Message, cls: type[MessageDocument] = MessageDocument
) -> MessageDocument:
    """Show a message with its flags and all its options by name."""
    body, datagram = message.body, message.datagram
    frame = datagram.frame
    declared = message_type(message.mh_type, datagram.payload[6:7])
    return cls(
        capture=frame.capture,
        frame=frame.number,
        time=rfc3339(frame.time),
        source=address_text(datagram.source),
        destination=address_text(datagram.destination),
        transport=transport(datagram),
        encapsulation=datagram.encapsulation,
        kind=message.kind,
        mh_type=message.mh_type,
        name=declared.name if declared else "Unknown",
        flags=flag_letters(body),
        sequence=_number(body, "sequence"),
        lifetime_s=_number(body, "lifetime_s"),
        status=status_document(body),
        fields=fields.message_document(message),
        options=tuple(map(fields.option_document, message.options)),
        checksum_correct=message.checksum_correct,
        defects=tuple(map(defect_document, message.defects)),
        dialect=message.dialect,
    )


def flag_letters(body: Body) -> tuple[str, ...]:
    """Give the letters of the flags that are set in a message."""
    return tuple([letter for name, letter in _flags(type(body)) if getattr(body, name)])


@cache
def _flags(cls: type[Body]) -> tuple[tuple[str, str], ...]:
    placed = Layout.of(cls).fields
    return tuple((p.name, p.field.label) for p in placed if isinstance(p.field, Flag))


def defect_document(defect: Defect) -> DefectDocument:
    """Show a defect."""
    return DefectDocument(
        defect.kind,
        defect.layer,
        defect.offset,
        defect.needed,
        defect.available,
        defect.length_field,
    )


# ------------------------------------------------------------------------------- the report


def report_document(report: Report) -> ReportDocument:
    """Show a report, as it was narrowed by `pmiptrace.selection.narrow`."""
    mags = report.mags
    return ReportDocument(
        schema_version="1.0",
        tool=tool(),
        captures=tuple(map(capture_document, report.captures)),
        summary=Summary(
            messages=report.messages,
            exchanges=len(report.exchanges),
            sessions=len(report.sessions),
            bindings=sum(len(session.bindings) for session in report.sessions),
            findings=count_findings(report.findings),
            each=report.each,
            interrupted=report.interrupted,
        ),
        messages_by_type=report.messages_by_type,
        baseline=baseline_document(report.baseline),
        rules=tuple(map(rule_document, report.rules)),
        sessions=tuple(session_document(session, mags) for session in report.sessions),
        exchanges=tuple(exchange_document(exchange, mags) for exchange in report.exchanges),
        findings=tuple(map(finding_document, report.findings)),
    )


def baseline_document(result: BaselineResult | None) -> BaselineDocument | None:
    """Show how the report compares to the baseline, if there is one."""
    if result is None:
        return None
    return BaselineDocument(
        path=path_text(result.path),
        known=result.known,
        new=result.new,
        gone=tuple(map(_known_fault, result.gone)),
        expired=tuple(map(_known_fault, result.expired)),
    )


def _known_fault(fault: KnownFault) -> KnownFaultDocument:
    return KnownFaultDocument(
        fingerprint=fault.fingerprint,
        rule=clean(fault.rule),
        party=clean(fault.party),
        mobile_node=clean_or_none(fault.mobile_node),
        field=clean_or_none(fault.field),
        count=fault.count,
        first_seen=fault.first_seen,
        reason=clean(fault.reason) or None,
        expires=fault.expires,
    )


def rule_document(count: RuleCount) -> RuleDocument:
    """Show how often a rule was judged."""
    return RuleDocument(
        count.rule, count.judged, count.passed, count.failed, count.inconclusive, count.state
    )
