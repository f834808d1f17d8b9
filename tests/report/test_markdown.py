"""Markdown for a step's summary: what it says, and that a name cannot say anything else."""

import re

import pytest
from format_run import (
    BO,
    CAPTURES,
    FINDINGS,
    HI,
    HOSTILE_FINDINGS,
    HOSTILE_RUN,
    O_DEREG,
    RUN,
    RUNS,
    at,
    written,
)
from hypothesis import given
from hypothesis import strategies as st
from json_factory import nai
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace
from snapshots import assert_snapshot

from pmiptrace.model import Identifier, Party, RuleCount, RuleState, Status
from pmiptrace.report.coverage import MEANINGS
from pmiptrace.report.markdown import LIMIT, code, prose
from pmiptrace.rules.engine import Engine

PARSER = MarkdownIt("commonmark").enable("table")
AUTOLINKS = re.compile(r"@\w|://|www\.|:[\w+-]+:|(^|\W)#\d|~~|\$", re.IGNORECASE)
"""What GitHub makes links, mentions, emojis or formulas of, outside of code."""


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in (token.children or ())]


def assert_tame(text: str) -> None:
    """Check that there is only what the report itself puts there: tables, code, links to RFCs."""
    tokens = PARSER.parse(text)
    width = 0
    cells = 0
    for token in tokens:
        if token.type == "thead_open":
            width = 0
        elif token.type == "th_open":
            width += 1
        elif token.type == "tr_open":
            cells = 0
        elif token.type == "td_open":
            cells += 1
        elif token.type == "tr_close" and cells:
            assert cells == width
        elif token.type == "html_block":
            assert re.fullmatch(r"</?details>.*|<sub>.*</sub>", token.content.strip())
    assert not [t for t in tokens if t.type in ("fence", "code_block", "blockquote_open")]
    for token in inline(tokens):
        assert token.type in (
            "text", "code_inline", "link_open", "link_close", "strong_open", "strong_close",
            "html_inline",
        ), token  # fmt: skip
        if token.type == "text":
            assert not AUTOLINKS.search(token.content), token.content
        elif token.type == "html_inline":
            assert token.content in ("<br>", "<sub>", "</sub>")
        elif token.type == "link_open":
            assert token.attrs["href"].startswith("https://www.rfc-editor.org/rfc/rfc")


def test_the_summary_is_as_somebody_has_looked_at() -> None:
    assert_snapshot("report.md", written("markdown", RUN, FINDINGS, coverage=True))


@pytest.mark.parametrize("coverage", [False, True])
@pytest.mark.parametrize("name", RUNS)
def test_a_summary_is_markdown_and_nothing_else(name: str, coverage: bool) -> None:
    assert_tame(written("markdown", *RUNS[name], coverage=coverage).decode())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("plain", f"**1 error, 1 warning.** Worst: [`{BO}`]"),
        ("nothing found", "**No violation found.** 15 checks of 4 rules on 12 messages."),
        ("empty", "**No Mobility Header message.**"),
        ("no capture", "**Nothing was analyzed.**"),
        ("faulty", "**Nothing was analyzed.**"),
    ],
)
def test_the_answer_comes_first(name: str, answer: str) -> None:
    report, findings = RUNS[name]
    if name == "plain":
        findings = (findings[0], findings[3])
    text = written("markdown", report, findings).decode()
    assert text.splitlines()[2].startswith(answer)


def test_a_row_tells_rule_party_place_and_count() -> None:
    text = written("markdown", RUN, FINDINGS).decode()
    assert (
        f"| error | [`{BO}`](https://www.rfc-editor.org/rfc/rfc8278.html#section-4.1) |"
        " MAG `mag1@example.com` | frames `1:2, 1:6, 1:8` | 3 |"
        " B and O MUST NOT both be 1: B=1 and O=1 |"
    ) in text


def test_what_is_inconclusive_says_why_and_what_is_suppressed_is_counted() -> None:
    text = written("markdown", RUN, FINDINGS).decode()
    assert "| the request was not captured |" in text
    assert "1 finding" in text
    assert "baseline" in text
    assert "the reserved octet is 7" not in text


def test_captures_say_what_is_wrong_with_them() -> None:
    text = written("markdown", *RUNS["unopened"]).decode()
    assert "| 3 | `no.pcap` | not read |  |  | no such file |" in text
    assert "the file ends within a record; 1 duplicate left out" in text


def test_coverage_is_told_in_brief() -> None:
    text = written("markdown", RUN, FINDINGS).decode()
    assert "5 rules: 3 failed, 1 inconclusive, 1 untested" in text
    assert O_DEREG not in text
    assert "| RFC 8278 | 3 | 2 |  | 1 | 9 |" in text


def test_a_summary_stays_below_what_github_takes() -> None:
    names = [Identifier(1, b"%d" % n + b"\xff`|" * 80) for n in range(9999)]
    many = [
        at(0, n + 1, rule=rule, status=status, party=Party("MAG", None, name),
           message="`|" * 500, why_inconclusive="|" * 500)
        for n, name in enumerate(names)
        for rule, status in ((BO, Status.FAIL), (HI, Status.INCONCLUSIVE))
    ]  # fmt: skip
    infos = (replace(CAPTURES[0], path="`" * 4000),) * 300
    text = written("markdown", replace(RUN, captures=infos), many, coverage=True)
    assert len(text) < LIMIT
    assert text.count(b": not shown.") == 3
    assert_tame(text.decode())


def test_plain_words_stay_plain_and_others_become_code() -> None:
    assert prose("B=1 and O=1 in the PBU for BID 2.") == "B=1 and O=1 in the PBU for BID 2."
    assert prose("option 64 (mag1@example.com) in it") == "option 64 (`mag1@example.com`) in it"
    assert prose("to 2001:100::1, 64") == "to `2001:100::1`, 64"
    assert prose("www.example.com") == "`www.example.com`"


@given(st.text())
def test_no_name_is_more_than_its_characters(text: str) -> None:
    tokens = inline(PARSER.parse(f"| a |\n|---|\n| {code(text)} |\n"))
    assert [token.type for token in tokens] in (["text", "code_inline"], ["text"])


@given(st.text(alphabet=st.sampled_from("ab1 @:/.#*_~`|\\<>![]()&;$-+=wW\n\r\t{}'\"\u202e\u0430")))
def test_no_text_is_more_than_its_characters(text: str) -> None:
    finding = at(0, 1, message=text, party=Party("MAG", None, nai(text)))
    assert_tame(written("markdown", RUN, (finding,)).decode())


def test_hostile_names_are_in_the_summary() -> None:
    text = written("markdown", HOSTILE_RUN, HOSTILE_FINDINGS).decode()
    assert "</script>" in text


def test_an_unknown_rule_has_no_link() -> None:
    counts = (*RUN.rules, RuleCount("X-1", 1, 0, 1, 0))
    text = written("markdown", replace(RUN, rules=counts), (at(0, 1, rule="X-1"),)).decode()
    assert "| error | `X-1` |" in text


def test_coverage_is_told_in_tables_that_fold() -> None:
    every = {count.rule: count for count in (*Engine().counts(), *RUN.rules)}
    report = replace(RUN, rules=tuple(every.values()))
    text = written("markdown", report, (), coverage=True).decode()
    assert text.count("<details>") == text.count("</details>") == 18
    for rule in Engine().counts():
        assert f"[`{rule.rule}`]" in text
    told = [line for line in text.splitlines() if line.startswith("- ")]
    assert told == [
        f"- {state.value}: {meaning}"
        for state, meaning in MEANINGS.items()
        if state is not RuleState.PASSED
    ]
    assert "<details>" not in written("markdown", report, ()).decode()
