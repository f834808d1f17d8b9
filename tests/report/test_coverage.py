"""What was put to the test: every rule is named, and what was not exercised does not look kept."""

import io
from collections import Counter

import pytest
from format_run import BO, HI, O_DEREG, RUN
from msgspec.structs import replace
from report_factory import multipath, silent
from rich.cells import cell_len
from rich.console import Console

from pmiptrace.model import Report, RuleCount
from pmiptrace.report.coverage import RequirementState, coverage
from pmiptrace.report.html import HtmlOptions
from pmiptrace.report.html import render as render_html
from pmiptrace.report.text import TextOptions, render
from pmiptrace.rules.catalogue import catalogue, sentences
from pmiptrace.rules.engine import Engine

ECHO_180, NO_MAGID = "RFC8278-4.4-180-ECHO-MMB", "RFC8278-4.4-PBA-NO-MAGID"


def count(rule: str, passed: int = 0, failed: int = 0, inconclusive: int = 0) -> RuleCount:
    return RuleCount(rule, passed + failed + inconclusive, passed, failed, inconclusive)


def state_of_180(*counts: RuleCount) -> str:
    """Give the state of the requirement that two rules check."""
    (state,) = (
        line.state
        for line in coverage(counts).requirements
        if line.sentence.rules == (ECHO_180, NO_MAGID)
    )
    return state.value


def test_every_rule_is_named_once_and_none_is_a_remark() -> None:
    found = coverage(Engine().counts())
    named = Counter(line.row.id for part in found.rfcs for line in part.rules)
    assert named == {r.id: 1 for r in catalogue().values() if not r.is_diagnostic}
    assert found.unselected == 0
    assert found.verdict == f"{len(named)} rules: {len(named) - 2} untested, 2 off"


def test_rfc_8278_comes_first_and_sections_stand_as_in_their_rfc() -> None:
    found = coverage(Engine().counts())
    rfcs = [part.source for part in found.rfcs]
    assert rfcs == ["RFC 8278", *sorted(set(rfcs) - {"RFC 8278"})]
    (rfc_6275,) = (part for part in found.rfcs if part.source == "RFC 6275")
    sections = [section for section, _ in rfc_6275.sections]
    assert sections.index("9.5.4") < sections.index("10.3.1")
    assert len(sections) == len(set(sections))


def test_rules_left_out_are_counted_and_not_called_untested() -> None:
    found = coverage([count(BO, 4), count(O_DEREG)])
    assert found.verdict.startswith("2 rules: 1 passed, 1 untested; 2")
    assert found.verdict.endswith(" not selected")


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ([count(ECHO_180, 1), count(NO_MAGID, 9)], "passed"),
        ([count(ECHO_180, 0), count(NO_MAGID, 9)], "untested"),
        ([count(ECHO_180, 1, 0, 1), count(NO_MAGID, 9)], "inconclusive"),
        ([count(ECHO_180, 0), count(NO_MAGID, 8, 1)], "failed"),
        ([count(ECHO_180, 1)], "unselected"),
        ([count(NO_MAGID, 8, 1)], "failed"),
    ],
)
def test_a_requirement_is_met_where_all_its_rules_were_kept(
    counts: list[RuleCount], state: str
) -> None:
    assert state_of_180(*counts) == state


def test_requirements_are_all_of_section_4_those_that_cannot_be_seen_too() -> None:
    lines = coverage(Engine().counts()).requirements
    assert [line.sentence for line in lines] == [s for s in sentences() if s.rfc == 8278]
    unseen = [line for line in lines if line.state is RequirementState.UNOBSERVABLE]
    assert len(unseen) == 2
    assert all(line.remark == line.sentence.unobservable for line in unseen)


def test_without_rules_of_rfc_8278_its_requirements_are_left_out() -> None:
    assert coverage([count(HI, 1)]).requirements == ()


# -------------------------------------------------------------------------------------- pages


def page(report: Report, width: int, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width)
    render(report, console=console, options=TextOptions(coverage=True, **options))
    return console.file.getvalue()


def whole(report: Report) -> Report:
    """Give a report with all rules, some of them judged."""
    counts = {c.rule: c for c in Engine().counts()} | {c.rule: c for c in RUN.rules}
    return replace(report, rules=tuple(counts.values()))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_text_names_every_rule_at_any_width(width: int) -> None:
    text = page(whole(multipath()), width)
    assert text.count("RFC8278-4.1-O-DEREG") == 2  # by the requirement, and by the rule
    for rule in Engine().counts():
        assert f" {rule.rule} " in text.replace("\n", " ")
    assert all(cell_len(line) <= width for line in text.splitlines())


def test_text_tells_counts_and_settings() -> None:
    lines = page(whole(multipath()), 120).splitlines()
    failed = ["✗", "failed", "4.1", BO, "MUST", "NOT", "7", "4", "3"]
    assert any(line.split() == failed for line in lines)
    assert any(line.split()[:5] == ["○", "untested", "4.1", O_DEREG, "MUST"] for line in lines)
    assert any("judged only with --timers ipsec=on" in line for line in lines)


def test_text_of_a_capture_without_signalling_says_that_nothing_was_put_to_the_test() -> None:
    text = page(replace(silent(), rules=tuple(Engine().counts())), 120)
    assert "untested: nothing in the captures put it to the test" in text
    assert "RFC 8278" in text
    assert "RFC8278-4.1-O-DEREG" not in text  # nor any other of more than 200


def test_a_narrow_report_says_that_counts_are_of_everything() -> None:
    assert "counted over whole captures, not only --mag x" in page(
        whole(multipath()), 120, narrowness="--mag x"
    )


def test_without_the_option_there_is_no_table() -> None:
    console = Console(file=io.StringIO(), width=120)
    render(whole(multipath()), console=console)
    assert "Coverage" not in console.file.getvalue()


def test_html_has_a_table_that_folds() -> None:
    report = whole(multipath())
    text = "".join(render_html(report, options=HtmlOptions(coverage=True)))
    section = text[text.index('<section id="coverage">') :]
    assert section.count('<details class="covered"') == 1 + len(coverage(report.rules).rfcs)
    for rule in Engine().counts():
        assert f">{rule.rule}<" in section
    assert 'id="coverage"' not in "".join(render_html(report))
