"""What is found for the words that people have in hand, and how it is shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pmiptrace.analysis import Analysis
from pmiptrace.errors import UsageError
from pmiptrace.model import BindingState, ExchangeKind, SessionMode
from pmiptrace.report.explain import explanations, save_example
from pmiptrace.report.explain_page import write_explanations
from pmiptrace.report.explanation import (
    ExchangeExplanation,
    MessageExplanation,
    ModeExplanation,
    OptionExplanation,
    RuleExplanation,
    RulesExplanation,
    SectionExplanation,
    StateExplanation,
    StatusExplanation,
)
from pmiptrace.report.readable_json import as_json
from pmiptrace.rules.catalogue import catalogue
from pmiptrace.rules.examples import examples
from pmiptrace.rules.registry import all_rules
from pmiptrace.settings import SETTINGS

RULE = "RFC8278-4.1-BO-EXCLUSIVE"


def shown(*words: str, width: int = 120) -> str:
    file = io.StringIO()
    write_explanations(Console(file=file, width=width, color_system=None), explanations(words))
    return file.getvalue()


def called(*words: str) -> list[str]:
    """Name what words mean, in short."""
    return [name(each) for meaning in explanations(words) for each in meaning.explanations]


def name(each: object) -> str:
    match each:
        case RuleExplanation():
            return each.rule.id
        case SectionExplanation():
            return f"section {each.rfc} {each.section}"
        case RulesExplanation():
            return f"{len(each.rules)} rules"
        case OptionExplanation():
            return f"option {each.option.number}"
        case MessageExplanation():
            return each.message.kind
        case StatusExplanation():
            return f"{each.table} {each.value}"
        case StateExplanation():
            return f"state {each.state.constant}"
        case ModeExplanation():
            return f"mode {each.mode.name}"
        case ExchangeExplanation():
            return f"exchange {each.exchange.name}"
    raise AssertionError


# ------------------------------------------------------------------------------ what is meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (RULE, [RULE]),
        (RULE.lower(), [RULE]),
        ("rule BO-EXCLUSIVE", [RULE]),
        ("BO-EXCLUSIVE", [RULE]),
        ("RFC8278-4.1-BO", [RULE]),
        ("RFC8278-4.1-B", ["6 rules"]),
        ("8278-4.1-B", ["6 rules"]),
        ("rfc8278-4.1", ["section 8278 4.1"]),
        ("RFC 8278 section 4.4", ["section 8278 4.4"]),
        ("RFC 8278, section 4.4", ["section 8278 4.4"]),
        ("8278 §4.4.", ["section 8278 4.4"]),
        ("https://www.rfc-editor.org/rfc/rfc8278.html#section-4.1", ["section 8278 4.1"]),
        ("RFC8278", ["section 8278 None"]),
        ("option 63", ["option 63"]),
        ("63", ["option 63"]),
        ("MAG Multipath Binding", ["option 63"]),
        ("mag_multipath_binding", ["option 63"]),
        ("option multipath", ["option 63"]),
        ("180", ["binding_status 180"]),
        ("status 180", ["binding_status 180"]),
        ("CANNOT_SUPPORT_MULTIPATH_BINDING", ["binding_status 180"]),
        ("cannot-support multipath binding", ["binding_status 180"]),
        ("GRE_KEY_OPTION_REQUIRED", ["binding_status 163"]),
        ("PBU", ["PBU"]),
        ("proxy binding update", ["PBU"]),
        ("message 16", ["BRI", "BRA", "BRM"]),
        ("16", ["option 16", "BRI", "BRA", "BRM"]),
        ("5", ["option 5", "BU", "PBU", "binding_status 5"]),
        ("suspect", ["state SUSPECT"]),
        ("SUSPECT", ["state SUSPECT"]),
        ("state suspect", ["state SUSPECT"]),
        ("suspec", ["state SUSPECT"]),
        ("PENDING_TIMEOUT", ["state PENDING_TIMEOUT"]),
        ("unanswered", ["state PENDING_TIMEOUT"]),
        ("deregistered", ["state NONE", "state DEREG_WAIT"]),
        ("none", ["state NONE"]),
        ("multipath-denied", ["mode multipath-denied"]),
        ("mode MP_DENIED", ["mode multipath-denied"]),
        ("multipath", ["mode multipath"]),
        ("add-path", ["exchange add-path"]),
        ("add path", ["exchange add-path"]),
        ("overwrite", ["exchange overwrite"]),
        ("kind initial", ["exchange initial"]),
        ("exchange refresh", ["exchange refresh"]),
        ("unknown", ["mode unknown", "exchange unknown"]),
        ("mode unkn", ["mode unknown"]),
        ("mode unknown", ["mode unknown"]),
        ("heartbeat", ["exchange heartbeat", "HB"]),
        ("suspect 180 add-path", ["state SUSPECT", "binding_status 180", "exchange add-path"]),
        ("option 63 status 180 PBU", ["option 63", "binding_status 180", "PBU"]),
        (f"{RULE} 63", [RULE, "option 63"]),
    ],
)
def test_what_is_meant(written: str, meant: list[str]) -> None:
    assert called(*written.split()) == meant


def test_the_status_of_a_pba_goes_before_others() -> None:
    assert called("status 128")[0] == "binding_status 128"
    assert "revocation_status 128" in called("status 128")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("RFC8278-4.1-BO-EXCLUSVE", f"did you mean '{RULE}'"),
        ("RFC8278-4.9", "did you mean 'RFC8278-4."),
        ("CANT_SUPPORT_MULTIPATH", "did you mean 'CANNOT_SUPPORT_MULTIPATH_BINDING'"),
        ("PBX", "did you mean 'PBU' or 'PBA'"),
        ("optoin 63", "nothing is known of 'optoin'; did you mean 'option'"),
        ("option 71", "there is no option '71'"),
        ("status 250", "there is no status '250'"),
        ("state", "nothing is known of 'state'; say which, as in .* 'state suspect'"),
        ("state lost", "there is no state 'lost'"),
        ("suspekt", "did you mean 'suspect'"),
        ("PENDING_TIMOUT", "did you mean 'PENDING_TIMEOUT'"),
        ("binding", "'binding' can mean 'Binding Refresh Advice', .* and [0-9]+ more"),
        ("9999", "nothing is known of '9999'; give a rule"),
        ("\x1b[31m", "nothing is known of '.*x1b"),
    ],
)
def test_what_means_nothing(written: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        explanations(written.split())


@given(st.lists(st.text(max_size=12), max_size=4))
def test_any_words(words: list[str]) -> None:
    said = ""
    try:
        explanations(words)
    except UsageError as error:
        said = str(error)
    assert said.isprintable()


# ------------------------------------------------------------------------------ what is shown


def test_a_rule() -> None:
    text = shown(RULE)
    assert f"{RULE}  error  RFC 8278 section 4.1, MUST NOT\n" in text
    assert "  How to mend     send O=1 to make this path the only one, or B=1" in text
    assert "https://www.rfc-editor.org/rfc/rfc8278.html#section-4.1" in text
    assert "  E      1  +0.000000     LTE 2001:db8:a::1  → PBU      1  initial" in text
    assert "  E  frame 1: B=1 and O=1 in the PBU for BID 1\n" in text
    assert "PBU, option 63 MAG Multipath Binding (pmiptrace options 63)" in text
    assert "  RFC8278-4.1-O-DEREG       error    O MUST be 0" in text


def test_a_rule_that_is_off_says_how_to_turn_it_on() -> None:
    assert "--timers ipsec=on; it is not judged without" in shown("RFC5213-4-IPSEC")
    assert "nobody: it is a remark" in shown("PM-EXPIRED")
    assert "  n  after 5 min 00 s: " in shown("PM-EXPIRED")


def test_why_a_rule_may_leave_a_case_open() -> None:
    (meaning,) = explanations(["RFC8278-4.4-DISCOVER-FIRST"])
    (found,) = meaning.explanations
    assert isinstance(found, RuleExplanation)
    assert found.inconclusive
    assert f"Undecided if  {found.inconclusive[0]}" in shown("RFC8278-4.4-DISCOVER-FIRST")


def test_a_section() -> None:
    text = shown("rfc8278-4.1")
    assert "Requirements · every MUST and SHOULD" in text
    assert "  MUST      O is 0 in de-registration requests             RFC8278-4.1-O-DEREG" in text
    assert "not seen: A receiver that heeds the field" in text
    assert "Requirements · those that no rule checks" in shown("rfc6275-6.1.7")


def test_a_section_has_the_rules_named_after_it_and_those_that_cite_it() -> None:
    (meaning,) = explanations(["rfc6275-6.2"])
    (section,) = meaning.explanations
    assert isinstance(section, SectionExplanation)
    assert catalogue()["RFC6275-6.2.7-AUTH-LAST"].section == "6.2"
    assert {"RFC6275-6.2.7-AUTH-LAST", "RFC6275-6.2-ALIGN"} <= set(section.rules)
    assert "RFC6275-6.1.1-LEN-EXCEEDS" not in section.rules


def test_a_status() -> None:
    text = shown("180")
    assert text.startswith("180 CANNOT_SUPPORT_MULTIPATH_BINDING  binding_status, RFC 8278\n")
    assert "  What to do   enable RFC 8278 at the LMA" in text
    assert "  Sent by      the LMA, in a PBA" in text
    assert "  RFC8278-4.3-180-UNSOLICITED  warning" in text
    assert "RFC8278-4.1" not in text


def test_a_message() -> None:
    text = shown("PBU")
    assert text.startswith("PBU Proxy Binding Update  MH Type 5  RFC 5213 section 8.1\n")
    assert "63 MAG Multipath Binding" in text
    assert "pmiptrace rules --message PBU" in text


@pytest.mark.parametrize("state", BindingState)
def test_every_state_is_known_by_its_names(state: BindingState) -> None:
    for written in (state.name, state.value, state.public_name):
        assert f"state {state.name}" in called(written)


@pytest.mark.parametrize("mode", SessionMode)
def test_every_mode_is_known_by_its_names(mode: SessionMode) -> None:
    for written in (mode.name, mode.value):
        assert f"mode {mode.value}" in called(written)


@pytest.mark.parametrize("kind", ExchangeKind)
def test_every_kind_of_exchange_is_known_by_its_names(kind: ExchangeKind) -> None:
    for written in (kind.name, kind.value):
        assert f"exchange {kind.value}" in called(written)


def test_a_state() -> None:
    text = shown("suspect")
    assert text.startswith("suspect  state of a binding, SUSPECT\n  Nobody told whether it is ")
    assert "  Traffic     the LMA forwards over it, if it still has the entry\n" in text
    assert "  What to do  only an accepted PBU makes it certain again" in text
    assert "  Read        RFC 5213 section 6.9.1.4, RFC 5847 section 3.1, RFC 5847 " in text
    assert "  peer silent                  from active, refreshing, assumed, " in text
    assert "  no answer                    back from refreshing" in text
    assert "  accepted                          → active         a PBA accepts" in text
    assert "  PM-PEER-RESTART            note  A peer restarted" in text


def test_a_request_can_lead_back_to_the_state_it_found() -> None:
    told = "  no answer                      → the state before  no PBA for 32 s after the last "
    assert told in shown("refreshing")


def test_a_mode_and_a_kind_of_exchange() -> None:
    text = shown("multipath-denied")
    assert text.startswith("multipath-denied  mode of a session, MP_DENIED\n  The LMA refused ")
    assert "  Told by     a PBU with the MAG Multipath Binding option got status 180" in text
    text = shown("overwrite")
    assert text.startswith("overwrite  kind of exchange, OVERWRITE\n  A PBU with the O flag; ")
    assert "  RFC8278-4.1-O-SURVIVOR    warning  A binding replaced through O" in text


def test_what_else_has_the_word_in_its_name_is_named() -> None:
    (meaning,) = explanations(["refresh"])
    assert [(other.kind, other.name) for other in meaning.others] == [
        ("option", "Binding Refresh Advice"),
        ("message", "Binding Refresh Request"),
        ("state", "refreshing"),
        ("exchange", "bulk-refresh"),
        ("rule", "RFC5846-9.1-REFRESH-AFTER-REVOKE"),
    ]
    text = shown("refresh")
    assert "\nOther names with refresh · pmiptrace explain says all about each" in text
    assert "  rule      RFC5846-9.1-REFRESH-AFTER-REVOKE\n" in text
    for other in meaning.others:
        assert called(*other.name.split())


@pytest.mark.parametrize("written", ["exchange refresh", "PBU", "63", "suspect"])
def test_nothing_is_named_besides_what_is_one_thing(written: str) -> None:
    assert [meaning.others for meaning in explanations(written.split())] == [()]


def test_several_meanings_are_announced() -> None:
    first = shown("5").splitlines()[0]
    assert first == ("5 can mean 4 things: option 5, message BU, message PBU, binding_status 5")


EVERYTHING = (
    *(rule.id for rule in all_rules()),
    *("RFC8278", "RFC5213", "8278-4.1-B", "63", "5", "0", "128", "PBA", "BRI", "UPA"),
    *(word.value for words in (BindingState, SessionMode, ExchangeKind) for word in words),
)
TYPES = {
    *("rule", "section", "rules", "option", "message", "status"),
    *("state", "mode", "exchange"),
}


@pytest.mark.parametrize("width", [60, 120])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    for text in EVERYTHING:
        for line in shown(text, width=width).splitlines():
            is_diagram = "-+-" in line or "|" in line or not line.strip("0123 456789")
            assert is_diagram or cell_len(line) <= width


def test_all_of_it_goes_into_json() -> None:
    for text in EVERYTHING:
        (meaning,) = json.loads(as_json(explanations([text])))
        assert meaning["text"] == text
        for each in meaning["explanations"]:
            assert each["type"] in TYPES


def test_the_json_of_a_rule_has_its_example() -> None:
    (meaning,) = json.loads(as_json(explanations([RULE])))
    (found,) = meaning["explanations"]
    assert found["rule"]["documentation"]["mend"].startswith("send O=1")
    assert found["rule"]["link"].endswith("rfc8278.html#section-4.1")
    assert [packet["kind"] for packet in found["example"]["packets"]] == ["PBU"]
    assert [finding["rule"] for finding in found["example"]["findings"]] == [RULE]


def test_the_json_of_a_state() -> None:
    (meaning,) = json.loads(as_json(explanations(["assumed"])))
    (found,) = meaning["explanations"]
    state = found["state"]
    assert (state["name"], state["live"]) == ("assumed", True)
    assert {"from": "none", "event": "seen in use", "to": "assumed"} in state["comes_from"]
    back = {"from": "refreshing", "event": "no answer", "to": "assumed"}
    assert back in state["returns_from"]
    assert back not in state["comes_from"]
    assert state["events"]["peer silent"].startswith("four Heartbeat Requests")


# -------------------------------------------------------------------------------- the example


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_the_example_is_written_as_a_capture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"example{suffix}"
    save_example(explanations([RULE]), str(path))
    report = Analysis([str(path)]).report()
    assert report.captures[0].format == suffix[1:]
    assert RULE in {finding.rule for finding in report.findings}


@pytest.mark.parametrize("words", [["63"], [RULE, "RFC8278-4.1-O-DEREG"]])
def test_one_example_is_written_at_a_time(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(UsageError, match="name one rule"):
        save_example(explanations(words), str(tmp_path / "example.pcap"))
    assert not list(tmp_path.iterdir())


def test_every_setting_that_an_example_needs_is_named() -> None:
    """Whoever tries the capture of an example has to know what to turn on."""
    switches = {s.field: s.name for s in SETTINGS.values() if s.default is False}
    for rule in all_rules():
        options = examples()[rule.id].options
        for field, setting in switches.items():
            if options is not None and getattr(options, field):
                assert f"--timers {setting}=on" in shown(rule.id)
