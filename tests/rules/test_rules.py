"""Every rule against its examples."""

from pathlib import Path

import pytest
from rule_stage import judge, of_rule, statuses

from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcapng
from pmiptrace.model import Severity, Status
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.examples import examples
from pmiptrace.rules.examples.stage import Play, Stage

EXAMPLES = examples()


def _plays(part: str) -> list[object]:
    return [
        pytest.param(rule, play, id=f"{rule}-{position}")
        for rule, example in EXAMPLES.items()
        for position, play in enumerate(getattr(example, part))
    ]


@pytest.mark.parametrize(("rule", "play"), _plays("fires"))
def test_fires(rule: str, play: Play) -> None:
    example = EXAMPLES[rule]
    findings = of_rule(judge(play, options=example.options), rule)
    assert statuses(findings) == [example.status]
    (finding,) = findings
    row = catalogue()[rule]
    assert finding.severity is row.severity
    assert finding.reference == row.reference
    assert finding.message
    assert finding.message.isprintable()
    assert (finding.why_inconclusive is None) == (finding.status is not Status.INCONCLUSIVE)
    if example.party is not None:
        assert finding.party.role == example.party


@pytest.mark.parametrize(("rule", "play"), _plays("silent"))
def test_stays_silent(rule: str, play: Play) -> None:
    assert of_rule(judge(play, options=EXAMPLES[rule].options), rule) == []


@pytest.mark.parametrize(("rule", "play"), _plays("unclear"))
def test_accuses_nobody_on_too_little_evidence(rule: str, play: Play) -> None:
    findings = of_rule(judge(play, options=EXAMPLES[rule].options), rule)
    assert [f for f in findings if f.status is Status.FAIL] == []
    assert all(finding.why_inconclusive for finding in findings)


@pytest.mark.parametrize(("rule", "case"), _plays("lesser"))
def test_is_milder_where_the_catalogue_says_so(rule: str, case: tuple[Play, Severity]) -> None:
    play, severity = case
    (finding,) = of_rule(judge(play, options=EXAMPLES[rule].options), rule)
    assert finding.status is Status.FAIL
    assert finding.severity is severity


@pytest.mark.parametrize(("rule", "play"), _plays("fires"))
def test_a_capture_shows_it_as_well(rule: str, play: Play, tmp_path: Path) -> None:
    stage, path = Stage(), tmp_path / "example.pcapng"
    play(stage)
    write_pcapng(path, stage.capture_frames())
    example = EXAMPLES[rule]
    report = Analysis([str(path)], options=example.options).report()
    assert statuses(of_rule(report.findings, rule)) == [example.status]
