"""Reports made by hand, so that what a page says can be tested without the layers before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.model import (
    BaselineResult,
    Binding,
    BindingState,
    CaptureInfo,
    Datagram,
    Exchange,
    ExchangeKind,
    Finding,
    Frame,
    Identifier,
    KnownFault,
    MagNode,
    Message,
    Moment,
    Party,
    Prefix,
    Report,
    RuleCount,
    Session,
    SessionMode,
    Severity,
    Status,
    Suppression,
    Transition,
)
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND + 50_000_000
LMA = address_octets("2001:db8:f::1")
S = BindingState


def nai(text: str | bytes) -> Identifier:
    return Identifier(1, text if isinstance(text, bytes) else text.encode())


def at(seconds: float) -> int:
    return START + round(seconds * 1000) * 1_000_000


@dataclass
class Path:
    """A care-of address of a MAG, with or without a BID."""

    mag: int
    address: bytes
    bid: int | None = None
    att: int = 8
    label: int = 0


@dataclass
class Builder:
    """Collects what a report holds; frames are numbered as exchanges are added."""

    path: str = "trace.pcap"
    frame: int = 0
    mags: dict[int, MagNode] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    last: int = START

    def mag(self, identifier: str | bytes | None, *addresses: str) -> int:
        node = MagNode(
            len(self.mags),
            None if identifier is None else nai(identifier),
            tuple(map(address_octets, addresses)),
        )
        self.mags[node.id] = node
        return node.id

    def moment(self, seconds: float) -> Moment:
        self.frame += 1
        self.last = max(self.last, at(seconds))
        return Moment(0, self.frame, at(seconds), self.frame)

    def message(self, moment: Moment, source: bytes, destination: bytes, body, *options) -> Message:
        frame = Frame(0, moment.frame or 0, moment.time, 101, b"", 100)
        datagram = Datagram(
            frame=frame, source=source, destination=destination, payload=b"", offset=0
        )
        return Message(
            datagram=datagram,
            payload_proto=59,
            length=48,
            mh_type=body.mh_type,
            reserved=0,
            checksum=0,
            checksum_correct=True,
            body=body,
            options=options,
            offsets=(0,) * len(options),
            kind="PBU" if isinstance(body, BindingUpdate) else "PBA",
        )

    def exchange(
        self,
        session: int | None,
        path: Path,
        kind: ExchangeKind,
        seconds: float,
        *,
        lifetime: int = 3600,
        rtt: float | None = 0.02,
        status: int = 0,
        attempts: int = 1,
        bulk: bool = False,
        overwrite: bool = False,
    ) -> Exchange:
        options = ()
        if path.bid is not None:
            options = (
                MagMultipathBinding(
                    if_att=path.att,
                    if_label=path.label,
                    bid=path.bid,
                    bulk=bulk,
                    overwrite=overwrite,
                ),
            )
        moments = [self.moment(seconds + number) for number in range(attempts)]
        update = BindingUpdate(sequence=self.frame, proxy=True, lifetime=lifetime // 4)
        sent = [self.message(m, path.address, LMA, update, *options) for m in moments]
        reply = None
        if rtt is not None:
            answer = self.moment(seconds + attempts - 1 + rtt)
            granted = lifetime // 4 if status < 128 else 0
            acknowledgement = BindingAcknowledgement(status=status, proxy=True, lifetime=granted)
            reply = self.message(answer, LMA, path.address, acknowledgement, *options)
        exchange = Exchange(
            id=len(self.exchanges),
            kind=kind,
            session=session,
            mag=path.mag,
            lma=LMA,
            request=sent[0],
            answered=sent[-1],
            attempts=tuple(moments),
            reply=reply,
            replies=int(reply is not None),
            closed=True,
        )
        self.exchanges.append(exchange)
        return exchange

    def binding(
        self, path: Path, *changes: tuple[float, BindingState], lifetime: int = 3600, **parts
    ) -> Binding:
        before, history = S.NONE, []
        for seconds, after in changes:
            moment = Moment(0, self.frame, at(seconds), self.frame)
            history.append(Transition(moment, "event", before, after))
            before = after
        granted = next((t.moment.time for t in reversed(history) if t.after is S.ACTIVE), None)
        return Binding(
            mag=path.mag,
            bid=path.bid,
            care_of_address=path.address,
            interface_att=path.att if path.bid is not None else None,
            access_technology=path.att,
            interface_label=path.label if path.bid is not None else None,
            state=before,
            lifetime=lifetime,
            granted_at=granted,
            expires_at=None if granted is None else granted + lifetime * SECOND,
            since=history[-1].moment if history else None,
            history=tuple(history),
            **parts,
        )

    def session(
        self, mobile_node: str | bytes | None, *bindings: Binding, first: float = 0, **parts
    ) -> Session:
        number = len(self.sessions)
        session = Session(
            id=number,
            lma=LMA,
            mobile_node=None if mobile_node is None else nai(mobile_node),
            prefixes=(Prefix(address_octets(f"2001:db8:1:{number % 65535:x}::"), 64),),
            bindings=bindings,
            first=Moment(0, 1, at(first), 1),
            last=Moment(0, self.frame, self.last, self.frame),
            **{"mode": SessionMode.MULTIPATH, **parts},
        )
        self.sessions.append(session)
        return session

    def finding(
        self,
        rule: str,
        exchange: Exchange | None = None,
        message: str = "",
        *,
        severity: Severity = Severity.ERROR,
        status: Status = Status.FAIL,
        role: str = "MAG",
        **parts,
    ) -> Finding:
        mag = self.mags[exchange.mag] if exchange is not None and exchange.mag is not None else None
        if role == "MAG" and mag is not None:
            party = Party("MAG", mag.addresses[0], mag.identifier)
        else:
            party = Party(role, LMA if role == "LMA" else None)
        session = None
        if exchange is not None and exchange.session is not None:
            session = next((s for s in self.sessions if s.id == exchange.session), None)
        option = exchange.request.options[0] if exchange and exchange.request.options else None
        finding = Finding(
            rule=rule,
            severity=severity,
            status=status,
            confidence="packet",
            **{
                "party": party,
                "moment": exchange.attempts[0] if exchange else Moment(0, 1, START),
                "session": exchange.session if exchange else None,
                "exchange": exchange.id if exchange else None,
                "lma": LMA,
                "mobile_node": session.mobile_node if session else None,
                "bid": option.bid if option else None,
                "message": message,
                "keyword": None if rule.startswith("PM-") else "MUST NOT",
                "reference": None if rule.startswith("PM-") else "RFC 8278 section 4.1",
                **parts,
            },
        )
        self.findings.append(finding)
        return finding

    def report(self, *, packets: int = 4812, until: float | None = None, **capture) -> Report:
        last = max(self.last, at(until)) if until is not None else self.last
        sent = sum(len(exchange.attempts) for exchange in self.exchanges)
        replies = sum(exchange.replies for exchange in self.exchanges)
        info = CaptureInfo(
            path=self.path,
            format="pcap",
            packets=packets,
            messages=sent + replies,
            first_time=START,
            last_time=last,
        )
        failed = len(self.findings)
        return Report(
            captures=(replace(info, **capture),),
            messages=sent + replies,
            messages_by_type={kind: n for kind, n in (("PBU", sent), ("PBA", replies)) if n},
            mags=self.mags,
            sessions=tuple(self.sessions),
            exchanges=tuple(self.exchanges),
            findings=tuple(self.findings),
            rules=(
                RuleCount("RFC8278-4.1-BO-EXCLUSIVE", 7, 7 - min(failed, 7), min(failed, 7), 0),
                RuleCount("RFC8278-4.1-BID-RANGE", 14, 14, 0, 0),
            ),
        )


def multipath(*, faults: bool = True) -> Report:
    """LTE first, then WLAN, refreshed, one path given up; with faults of the MAG and the LMA."""
    build = Builder("samples/two-paths.pcap")
    mag = build.mag("mag1@example.com", "2001:db8:a::1", "2001:db8:b::1")
    lte = Path(mag, address_octets("2001:db8:a::1"), 1, 8, 11)
    wlan = Path(mag, address_octets("2001:db8:b::1"), 2, 4, 9)
    kind = ExchangeKind
    build.exchange(0, lte, kind.INITIAL, 0)
    added = build.exchange(0, wlan, kind.ADD_PATH, 5, bulk=faults, overwrite=faults)
    for number in range(1, 7):
        build.exchange(0, lte, kind.REFRESH, 30 * number)
    late = build.exchange(0, wlan, kind.REFRESH, 185, attempts=2, rtt=0.0923)
    build.exchange(0, wlan, kind.DEREG_SELECTIVE, 230, lifetime=0)
    refreshes = [
        change
        for n in range(1, 7)
        for change in ((30 * n, S.REFRESHING), (30 * n + 0.02, S.ACTIVE))
    ]
    first = build.binding(lte, (0, S.PENDING), (0.02, S.ACTIVE), *refreshes)
    second = build.binding(
        wlan,
        (5, S.PENDING),
        (5.02, S.ACTIVE),
        (185, S.REFRESHING),
        (186.0923, S.ACTIVE),
        (230, S.DEREG_PENDING),
        (230.02, S.DEREG_WAIT),
    )
    build.session("mn1@example.com", first, second)
    if faults:
        build.finding("RFC8278-4.1-BO-EXCLUSIVE", added, "B=1 and O=1 in the PBU for BID 2")
        build.finding(
            "RFC8278-4.4-PBA-NO-MAGID",
            late,
            "option 64 (mag1@example.com) in the PBA",
            role="LMA",
            severity=Severity.WARNING,
            keyword="MUST",
            reference="RFC 8278 section 4.4",
        )
        build.finding(
            "RFC8278-4.4-DISCOVER-FIRST",
            added,
            "PBU for BID 2 sent while the one for BID 1 had no answer",
            severity=Severity.WARNING,
            status=Status.INCONCLUSIVE,
            why_inconclusive="the MAG may know the LMA's capability from its configuration",
            keyword="SHOULD",
            reference="RFC 8278 section 4.4",
        )
        build.finding(
            "PM-RETRANSMISSION", late, "PBU sent 2 times",
            severity=Severity.INFO, status=Status.NOTE,
        )  # fmt: skip
    return build.report(until=245)


def known() -> Report:
    """The same with faults that are all known but the last: by the baseline, or by an ignore."""
    report = multipath()
    by = (
        Suppression(by="baseline", reason="ticket 7"),
        Suppression(by="ignore"),
        Suppression(by="ignore"),
        None,
    )
    return replace(
        report,
        findings=tuple(replace(f, suppression=s) for f, s in zip(report.findings, by, strict=True)),
    )


def mended() -> Report:
    """A capture of which a baseline knows more than it shows."""
    faults = [
        KnownFault(
            fingerprint=f"{number:016x}",
            rule=f"RFC8278-4.1-{'BID-RANGE' if number < 40 else f'X{number}'}",
            party=f"MAG mag{number % 2}@example.com",
            mobile_node=None if number % 10 == 9 else f"mn{number}@example.com",
            reason="ticket \x1b[31m7" if number % 2 else "",
        )
        for number in range(60)
    ]
    compared = BaselineResult(path="evil\x1b[31m known.toml", known=3, gone=tuple(faults))
    return replace(known(), baseline=compared)


def handovers() -> Report:
    """One mobile node without RFC 8278, moving between two MAGs."""
    build = Builder("handovers.pcap")
    paths = [
        Path(build.mag(None, f"2001:100::{n}"), address_octets(f"2001:100::{n}"), att=4)
        for n in (2, 3)
    ]
    history: list[list[tuple[float, BindingState]]] = [[], []]
    rtt = (0.0031, 0.0848, 0.0864, 0.0923)
    for number, seconds in enumerate((0, 12, 25, 41)):
        new, old = number % 2, 1 - number % 2
        kind = ExchangeKind.HANDOVER if number else ExchangeKind.INITIAL
        build.exchange(0, paths[new], kind, seconds, lifetime=1000, rtt=rtt[number])
        history[new] += [(seconds, S.PENDING), (seconds + rtt[number], S.ACTIVE)]
        if number:
            build.exchange(0, paths[old], ExchangeKind.DEREG, seconds + 0.5, lifetime=0, rtt=None)
            history[old] += [(seconds + rtt[number], S.REPLACED)]
    bindings = [
        build.binding(path, *changes, lifetime=1000, replaced_by="handover")
        for path, changes in zip(paths, history, strict=True)
    ]
    build.session(None, *bindings, mode=SessionMode.SINGLE)
    return build.report(packets=477, until=60, dialect="pmip6d-2011")


def many(nodes: int) -> Report:
    """A busy LMA: every 7th node breaks a rule, every 50th is refused, 40 MAGs."""
    build = Builder("ring.pcapng")
    mags = [build.mag(f"mag{n}@example.com", f"2001:db8:a::{n + 1:x}") for n in range(40)]
    for number in range(nodes):
        mag = mags[number % 40]
        path = Path(mag, build.mags[mag].addresses[0], 1 + number % 254, 8, 1)
        start = number * 0.01
        denied = number % 50 == 0
        exchange = build.exchange(
            number, path, ExchangeKind.INITIAL, start, status=180 if denied else 0
        )
        end = S.REJECTED if denied else S.ACTIVE
        binding = build.binding(path, (start, S.PENDING), (start + 0.02, end))
        session = build.session(f"mn{number}@example.com", binding, first=start)
        if number % 7 == 3:
            moment = exchange.attempts[0]
            build.findings.append(
                Finding(
                    rule="RFC8278-4.1-BID-RANGE" if number % 2 else "RFC8278-4.1-BO-EXCLUSIVE",
                    severity=Severity.ERROR,
                    status=Status.FAIL,
                    confidence="packet",
                    party=Party("MAG", path.address, build.mags[mag].identifier),
                    moment=moment,
                    session=number,
                    exchange=exchange.id,
                    lma=LMA,
                    mobile_node=session.mobile_node,
                    bid=path.bid,
                    message=f"BID {path.bid}",
                    reference="RFC 8278 section 4.1",
                )
            )
    return build.report(packets=1_650_000)


HOSTILE = b"\x1b[2Jmn\n[red]evil[/red]\xe2\x80\xae" + b"a" * 230 + b"@x"
"""Escape sequence, line feed, markup, right-to-left override, and 250 octets in all."""


def hostile() -> Report:
    """Identifiers and a path made to upset a terminal."""
    build = Builder("evil\x1b]0;title\x07[bold]\udcff.pcap")
    mag = build.mag(b"m" * 250, "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1")
    path = Path(mag, build.mags[mag].addresses[0], 1)
    exchange = build.exchange(0, path, ExchangeKind.INITIAL, 0)
    binding = build.binding(path, (0, S.PENDING), (0.02, S.ACTIVE))
    build.session(HOSTILE, binding)
    build.finding("RFC8278-4.1-BID-RANGE", exchange, "BID 0 \x1b[31m[link=x]")
    return build.report()


def silent(packets: int = 1234) -> Report:
    """A capture without a single Mobility Header message."""
    info = CaptureInfo(
        path="web.pcap", format="pcapng", packets=packets, first_time=START, last_time=at(9)
    )
    return Report(captures=(info,))
