"""No octets on the wire may make a rule or the engine stumble."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rule_stage import steps

from pmiptrace.rules.engine import Engine
from pmiptrace.rules.examples.acts import registered
from pmiptrace.rules.examples.stage import Stage
from pmiptrace.rules.rule import RuleOptions


def _conforming() -> Stage:
    stage = Stage()
    registered(stage)
    stage.register(stage.wlan, link_layer=bytes(range(6)), link_local="fe80::1")
    stage.wait(5)
    stage.heartbeat(stage.lte)
    stage.heartbeat_response()
    stage.upn(stage.lte, acknowledge=True)
    stage.upa()
    stage.wait(60)
    stage.heartbeat(stage.lte)
    stage.binding_error()
    stage.upn(stage.lte, reason=4, acknowledge=True)
    stage.wait(1)
    stage.again(stage.sent[-1])
    stage.wait(1)
    stage.bri(stage.wlan)
    stage.bra()
    stage.wait(5)
    stage.deregister(stage.lte)
    return stage


PAYLOADS = [frame.data[40:] for frame in _conforming().frames]

edits = st.lists(
    st.tuples(
        st.integers(0, len(PAYLOADS) - 1),
        st.integers(0, max(map(len, PAYLOADS)) - 1),
        st.integers(0, 255),
    ),
    max_size=6,
)
cuts = st.lists(st.tuples(st.integers(0, len(PAYLOADS) - 1), st.integers(0, 160)), max_size=2)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(edits, cuts, st.booleans(), st.booleans())
def test_damaged_messages_crash_no_rule(
    changes: list[tuple[int, int, int]],
    missing: list[tuple[int, int]],
    right_checksums: bool,
    truncated: bool,
) -> None:
    stage = _conforming()
    for index, offset, value in changes:
        _edit(stage, index, offset, value, right_checksums)
    for index, length in missing:
        if truncated:
            stage._kept[index] = length
        else:
            frame = stage.frames[index]
            stage.frames[index] = type(frame)(
                frame.capture,
                frame.number,
                frame.time,
                frame.link_type,
                frame.data[: 40 + length],
                40 + length,
            )
    engine = Engine(RuleOptions(trust_clock=True, ipsec=True))
    findings = [f for step in steps(stage) for f in engine.evaluate(step)] + engine.finish()
    assert [f.message for f in findings if "crashed" in f.message] == []
    assert all(finding.message.isprintable() for finding in findings)
    for finding in findings:
        if finding.span is not None:
            frame = stage.frames[finding.moment.frame - 1] if finding.moment.frame else None
            assert frame is not None
            assert 0 <= finding.span.offset <= len(frame.data)
            assert finding.span.length >= 0
            assert finding.span.offset + finding.span.length <= len(frame.data)
    for count in engine.counts():
        assert count.judged == count.passed + count.failed + count.inconclusive
        assert min(count.passed, count.failed, count.inconclusive) >= 0


def _edit(stage: Stage, index: int, offset: int, value: int, right_checksum: bool) -> None:
    frames, sent = stage.frames, stage.sent
    if offset >= len(frames[index].data) - 40:
        return
    rest_frames, rest_sent = frames[index + 1 :], sent[index + 1 :]
    del frames[index + 1 :], sent[index + 1 :]
    stage.set(offset, value, checksum=right_checksum)
    frames.extend(rest_frames)
    sent.extend(rest_sent)
