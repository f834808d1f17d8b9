"""Values of `pmiptrace.model` as an analysis would give them, for the machine-readable reports."""

from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.model import (
    Binding,
    BindingState,
    CaptureInfo,
    Exchange,
    ExchangeKind,
    Finding,
    Identifier,
    MagNode,
    Message,
    Moment,
    Party,
    Prefix,
    Problem,
    Report,
    RuleCount,
    Session,
    SessionMode,
    Severity,
    Span,
    Status,
    Transition,
)
from pmiptrace.testing import START, Trace, nai

MAG_ADDRESS = address_octets("2001:db8:a::1")
LMA_ADDRESS = address_octets("2001:db8:f::1")


def messages() -> list[Message]:
    """A PBU with B and O set, its retransmission 1 s later, and the PBA 50 ms after that."""
    trace = Trace()
    path = trace.mag("mag1@example.com").path("2001:db8:a::1", bid=7, if_att=8, if_label=11)
    request = trace.pbu(path, bulk=True, overwrite=True, acknowledge=True)
    trace.wait(1)
    trace.again(request)
    trace.wait(0.05)
    trace.pba(request)
    return list(trace.messages())


def moment(message: Message) -> Moment:
    return Moment(message.frame.capture, message.frame.number, message.time)


def exchange() -> Exchange:
    request, again, reply = messages()
    return Exchange(
        id=4,
        kind=ExchangeKind.INITIAL,
        session=2,
        mag=1,
        lma=LMA_ADDRESS,
        request=request,
        answered=again,
        attempts=(moment(request), moment(again)),
        reply=reply,
        replies=1,
        closed=True,
    )


def binding() -> Binding:
    pending = Transition(Moment(0, 1, START), "pbu", BindingState.NONE, BindingState.PENDING)
    ended = Transition(
        Moment(0, None, START + 10), "timer", BindingState.DEREG_WAIT, BindingState.NONE
    )
    return Binding(
        mag=1,
        bid=7,
        care_of_address=MAG_ADDRESS,
        access_technology=2,
        interface_att=8,
        interface_label=11,
        state=BindingState.NONE,
        lifetime=3600,
        granted_at=START,
        history=(pending, ended),
    )


def session() -> Session:
    return Session(
        id=2,
        lma=LMA_ADDRESS,
        mobile_node=nai("mn1@example.com"),
        prefixes=(Prefix(address_octets("2001:db8:100::"), 64),),
        mode=SessionMode.MULTIPATH,
        bindings=(binding(),),
        first=Moment(0, 1, START),
        last=Moment(0, 3, START),
    )


def finding(**parts: object) -> Finding:
    plain = Finding(
        rule="RFC8278-4.1-BO-EXCLUSIVE",
        severity=Severity.ERROR,
        status=Status.FAIL,
        confidence="packet",
        party=Party("MAG", MAG_ADDRESS, nai("mag1@example.com")),
        moment=Moment(0, 2, START),
        evidence=(Moment(0, 1, START), Moment(0, 2, START)),
        session=2,
        exchange=4,
        lma=LMA_ADDRESS,
        mobile_node=nai("mn1@example.com"),
        bid=7,
        span=Span(100, 1, "B"),
        message="B=1 and O=1",
        keyword="MUST NOT",
        reference="RFC 8278 section 4.1",
    )
    return replace(plain, **parts)


def report() -> Report:
    return Report(
        captures=(
            CaptureInfo(
                path="run.pcap",
                format="pcap",
                packets=3,
                messages=3,
                first_time=START,
                last_time=START + 1_050_000_000,
                clock_offset=-1_500_000,
                truncated=True,
                problems=(Problem("truncated", "the file ends within a record", 400, 4),),
            ),
        ),
        messages=3,
        messages_by_type={"PBU": 2, "PBA": 1},
        mags={1: MagNode(1, nai("mag1@example.com"), (MAG_ADDRESS,))},
        sessions=(session(),),
        exchanges=(exchange(),),
        findings=(
            finding(),
            finding(
                rule="RFC8278-4.1-BID-RANGE",
                status=Status.INCONCLUSIVE,
                why_inconclusive="the request was not seen",
                party=Party("unknown"),
                span=None,
            ),
            finding(
                rule="PM-EXPIRED",
                status=Status.NOTE,
                severity=Severity.INFO,
                keyword=None,
                reference=None,
                moment=Moment(0, None, START),
                evidence=(),
            ),
        ),
        rules=(RuleCount("RFC8278-4.1-BO-EXCLUSIVE", 1, 0, 1, 0),),
    )


HOSTILE = Identifier(1, b"\x1b[31mred\n\xff</script>")
