"""`assert_compliant`: what it fails for, and what it then says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from pmiptrace.capture.writer import write_pcapng
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.testing import Trace, assert_compliant

ROOT = Path(__file__).parents[1]
CONFORMS = ROOT / "samples" / "call-flow.pcap"
VIOLATION = ROOT / "samples" / "bulk-and-overwrite.pcap"
RULE = "RFC8278-4.1-BO-EXCLUSIVE"


def trace(**flags: bool) -> Trace:
    """Give a trace with two paths, the second registered with these flags."""
    made = Trace()
    mag = made.mag("mag1@example.com")
    made.register(mag.path("2001:db8:a::1", bid=1, if_att=8, if_label=11))
    made.wait(5)
    made.register(mag.path("2001:db8:b::1", bid=2, if_att=4, if_label=9), **flags)
    return made


def octets(made: Trace, folder: Path) -> bytes:
    write_pcapng(folder / "made.pcapng", made.frames)
    return (folder / "made.pcapng").read_bytes()


def message(check: Callable[[], object]) -> str:
    with pytest.raises(AssertionError) as failed:
        check()
    return str(failed.value)


def test_what_conforms_gives_its_report(tmp_path: Path) -> None:
    assert assert_compliant(CONFORMS).messages == 4
    assert assert_compliant(str(CONFORMS)).messages == 4
    assert assert_compliant(trace()).messages == 4
    assert assert_compliant(octets(trace(), tmp_path)).messages == 4
    assert len(assert_compliant([CONFORMS, trace()]).captures) == 2


def test_captures_are_one_run_unless_each_is_its_own(tmp_path: Path) -> None:
    captures = [ROOT / "samples" / "bulk-refresh.pcap", CONFORMS]
    told = message(lambda: assert_compliant(captures))
    assert "RFC6275-10.3.1-LIFETIME-MAX" in told
    assert assert_compliant(captures, each=True).each
    said = tmp_path / "set.toml"
    said.write_text("each = true\n")
    assert assert_compliant(captures, config=said).each
    assert not assert_compliant(CONFORMS, config=said, each=False).each
    told = message(lambda: assert_compliant([VIOLATION, *captures], each=True))
    assert told.splitlines()[-1].startswith("Everything: pmiptrace analyze --each ")


def test_the_message_says_who_did_what_where_and_how_to_mend_it() -> None:
    told = message(lambda: assert_compliant(VIOLATION))
    lines = told.splitlines()
    assert lines[0] == f"{VIOLATION} does not comply: 1 error; 8 messages"
    assert f"ERROR {RULE}  MAG mag1@example.com" in lines
    assert "  B=1 and O=1 in the PBU for BID 2" in lines
    assert "  frame 5" in lines
    assert "  RFC 8278 section 4.1 (MUST NOT)" in lines
    assert re.search("How to mend: .{20}", told)
    assert f"  See: pmiptrace dissect {VIOLATION} 5" in lines
    assert lines[-1] == f"Everything: pmiptrace analyze {VIOLATION}"


def test_several_captures_with_several_faults_are_counted_right() -> None:
    told = message(lambda: assert_compliant([VIOLATION, VIOLATION.with_name("reserved-bid.pcap")]))
    assert told.splitlines()[0] == "2 captures do not comply: 3 errors; 12 messages"
    told = message(lambda: assert_compliant([Trace(), Trace()]))
    assert told.startswith("2 captures have no signalling")


@pytest.mark.parametrize("rules", ["RFC8278", ["RFC8278"], ("RFC8278-4.1", "RFC8278-4.4")])
def test_one_rule_may_be_named_without_a_list(rules: str | Iterable[str]) -> None:
    assert message(lambda: assert_compliant(VIOLATION, select=rules))
    assert assert_compliant(VIOLATION, ignore=rules).messages == 8


def test_a_trace_that_fails_is_left_to_be_looked_at() -> None:
    told = message(lambda: assert_compliant(trace(bulk=True, overwrite=True)))
    found = re.search(r"analyze (\S+)$", told)
    assert found is not None
    assert RULE in message(lambda: assert_compliant(found[1]))
    Path(found[1]).unlink()
    Path(found[1]).parent.rmdir()


def test_nothing_is_left_of_a_trace_that_conforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert_compliant(trace())
    with pytest.raises(CaptureError):
        assert_compliant([trace(), b"no capture"])
    with pytest.raises(CaptureError):
        assert_compliant([trace(), tmp_path / "missing.pcap"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        {"ignore": [RULE]},
        {"ignore": ["RFC8278-4.1"]},
        {"select": ["RFC5213"]},
        {"severity": {RULE: "warning"}},
        {"fail_on": "never"},
    ],
    ids=str,
)
def test_one_chooses_what_counts(arguments: dict[str, object]) -> None:
    assert_compliant(VIOLATION, **arguments)  # type: ignore[arg-type]


def test_milder_violations_count_when_asked_to() -> None:
    arguments = {"severity": {RULE: "warning"}, "fail_on": "warning"}
    told = message(lambda: assert_compliant(VIOLATION, **arguments))  # type: ignore[arg-type]
    assert f"WARNING {RULE}" in told


def test_a_baseline_and_a_configuration_know_findings(tmp_path: Path) -> None:
    from pmiptrace.report.fingerprint import fingerprint

    (finding,) = (f for f in assert_compliant(VIOLATION, fail_on="never").findings
                  if f.rule == RULE)  # fmt: skip
    baseline = tmp_path / "known.toml"
    baseline.write_text(f'version = 1\n[[known]]\nfingerprint = "{fingerprint(finding)}"\n')
    assert_compliant(VIOLATION, baseline=baseline)
    config = tmp_path / "pmiptrace.toml"
    config.write_text(f'[[ignores]]\nrule = "{RULE}"\nparty = "MAG"\nreason = "mended in 2.1"\n')
    assert_compliant(VIOLATION, config=config)


def test_neither_the_folder_nor_the_environment_changes_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pmiptrace.toml").write_text('fail-on = "never"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PMIPTRACE_FAIL_ON", "never")
    assert RULE in message(lambda: assert_compliant(VIOLATION))


def test_a_capture_without_signalling_fails_unless_it_may_be_empty() -> None:
    assert "no signalling" in message(lambda: assert_compliant(Trace()))
    assert assert_compliant(Trace(), allow_empty=True).messages == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"select": ["RFC9999"]},
        {"ignore": ["RFC8278-4.1-NOTHING"]},
        {"severity": {"RFC9999": "error"}},
        {"fail_on": "sometimes"},
        {"timers": {"delay": "1s"}},
        {"baseline": "missing.toml"},
        {"dialect": "none-such"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_an_error(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        assert_compliant(CONFORMS, **arguments)  # type: ignore[arg-type]


def test_many_faults_are_counted_after_the_first_ones() -> None:
    made = Trace()
    mag = made.mag("mag1@example.com")
    for number in range(12):
        path = mag.path(f"2001:db8:a::{number + 1:x}", bid=number + 1, if_att=8)
        made.register(path, f"mn{number}@example.com", bulk=True, overwrite=True)
    told = message(lambda: assert_compliant(made, select=[RULE]))
    assert told.count(f"ERROR {RULE}") == 10
    assert "and 2 faults more" in told


def test_an_interrupted_test_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pmiptrace.follower.Follower.take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        assert_compliant(CONFORMS, allow_empty=True)
