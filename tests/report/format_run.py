"""Runs for the tests of formats: what is found, what is not, and what goes wrong."""

from __future__ import annotations

import io
from collections.abc import Iterable

from json_factory import HOSTILE, LMA_ADDRESS, START, finding
from msgspec.structs import replace

from pmiptrace.model import (
    SECOND,
    CaptureInfo,
    Finding,
    Moment,
    Party,
    Problem,
    Report,
    RuleCount,
    Severity,
    Status,
    Suppression,
)
from pmiptrace.report.formats import Target, format_named

BO = "RFC8278-4.1-BO-EXCLUSIVE"
O_DEREG = "RFC8278-4.1-O-DEREG"
MAG_ID = "RFC8278-4.2-MAGID-RESERVED"
HI = "RFC5213-5.3.6-HI"
ECHO = "RFC5213-5.3.6-ECHO"

CAPTURES = (
    CaptureInfo(
        path="mag side.pcap",
        format="pcap",
        packets=9,
        messages=9,
        first_time=START,
        last_time=START + 9 * SECOND,
    ),
    CaptureInfo(
        path="lma.pcapng",
        format="pcapng",
        packets=4,
        messages=3,
        duplicates=1,
        first_time=START,
        last_time=START + 4 * SECOND,
        truncated=True,
        problems=(Problem("truncated", "the file ends within a record", 400, 5),),
    ),
)


def at(capture: int, frame: int | None, **parts: object) -> Finding:
    """Give a finding in a frame, captured so many seconds after the start."""
    moment = Moment(capture, frame, START + (frame or 0) * SECOND)
    return finding(**{"moment": moment, "evidence": (), **parts})


FINDINGS = (
    at(0, 2, evidence=(Moment(0, 1, START), Moment(1, 1, START))),
    at(0, 6),
    at(0, 8, occurrences=2),
    at(
        1,
        2,
        rule=HI,
        severity=Severity.WARNING,
        party=Party("LMA", LMA_ADDRESS),
        reference="RFC 5213 section 5.3.6",
        span=None,
        message="the answer has Handoff Indicator 4, the request 1",
    ),
    at(
        1,
        3,
        rule=ECHO,
        status=Status.INCONCLUSIVE,
        why_inconclusive="the request was not captured",
        party=Party("LMA", LMA_ADDRESS),
        message="option 8 is not that of the request",
    ),
    at(
        0,
        4,
        rule=MAG_ID,
        message="the reserved octet is 7",
        suppression=Suppression(by="baseline", reason="the vendor knows", expires="2027-01-31"),
    ),
    at(
        0,
        None,
        rule="PM-EXPIRED",
        status=Status.NOTE,
        severity=Severity.INFO,
        party=Party("unknown"),
        keyword=None,
        reference=None,
        span=None,
        message="the binding expired",
    ),
)

RUN = Report(
    captures=CAPTURES,
    messages=12,
    messages_by_type={"PBU": 7, "PBA": 5},
    rules=(
        RuleCount(BO, 7, 4, 3, 0),
        RuleCount(O_DEREG, 0, 0, 0, 0),
        RuleCount(MAG_ID, 2, 1, 1, 0),
        RuleCount(HI, 3, 2, 1, 0),
        RuleCount(ECHO, 3, 2, 0, 1),
    ),
    rules_by_capture=(
        (
            RuleCount(BO, 5, 2, 3, 0),
            RuleCount(O_DEREG, 0, 0, 0, 0),
            RuleCount(MAG_ID, 2, 1, 1, 0),
            RuleCount(HI, 1, 1, 0, 0),
            RuleCount(ECHO, 1, 1, 0, 0),
        ),
        (
            RuleCount(BO, 2, 2, 0, 0),
            RuleCount(O_DEREG, 0, 0, 0, 0),
            RuleCount(MAG_ID, 0, 0, 0, 0),
            RuleCount(HI, 2, 1, 1, 0),
            RuleCount(ECHO, 2, 1, 0, 1),
        ),
    ),
)
"""Two captures, with whatever a finding can be; all are in `FINDINGS`."""

EMPTY = Report(captures=(CaptureInfo(path="empty.pcap", format="pcap"),))
UNOPENED = replace(
    RUN,
    captures=(
        *CAPTURES,
        CaptureInfo(path="no.pcap", problems=(Problem("unopened", "no such file"),)),
    ),
)
INTERRUPTED = replace(RUN, interrupted=True)
FAULTY = Report(
    captures=(CaptureInfo(path="a.pcap", problems=(Problem("internal-error", "a fault"),)),)
)

_PATH = "\udcff\x1b[31m/<b>&\"';\n{0}.pcap"
_TEXT = "\x00\x1b[2J\x07</failure>]]> [x](javascript:1) {0} =1+1 \ud800 \ufffe"
HOSTILE_RUN = replace(
    RUN, captures=(replace(CAPTURES[0], path=_PATH), replace(CAPTURES[1], path="-"))
)
HOSTILE_FINDINGS = (
    at(0, 2, mobile_node=HOSTILE, party=Party("MAG", None, HOSTILE), message=_TEXT),
    at(0, 3, rule=HI, status=Status.INCONCLUSIVE, why_inconclusive=_TEXT, message=_TEXT),
    at(1, 2, rule=ECHO, message=_TEXT, suppression=Suppression(by="ignore", reason=_TEXT)),
    at(1, 4, rule="PM-EXPIRED", status=Status.NOTE, message=_TEXT, mobile_node=HOSTILE),
)

RUNS = {
    "plain": (RUN, FINDINGS),
    "nothing found": (RUN, ()),
    "empty": (EMPTY, ()),
    "no capture": (Report(), ()),
    "unopened": (UNOPENED, FINDINGS),
    "interrupted": (INTERRUPTED, FINDINGS),
    "faulty": (FAULTY, FINDINGS[:3]),
    "hostile": (HOSTILE_RUN, HOSTILE_FINDINGS),
}
"""By name, the overview of a run and its findings."""


def written(form: str, report: Report, findings: Iterable[Finding], **target: object) -> bytes:
    """Give what a format writes of a run."""
    stream = io.BytesIO()
    writer = format_named(form).open(Target(**{"stream": stream, "path": "report", **target}))
    for event in (*findings, *report.captures):
        writer.event(event)
    writer.finish(report)
    return stream.getvalue()
