"""The file of a baseline: what stands in it, what is kept of it, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.baseline import Draft, entry_title, read_baseline
from pmiptrace.errors import UsageError
from pmiptrace.model import Finding, Identifier, KnownFault, Moment, Party, Severity, Span, Status
from pmiptrace.report.fingerprint import fingerprint
from pmiptrace.testing import START, nai

LMA = address_octets("2001:db8:f::1")


def finding(**parts: object) -> Finding:
    plain = Finding(
        rule="RFC8278-4.4-PBA-NO-MAGID",
        severity=Severity.ERROR,
        status=Status.FAIL,
        confidence="packet",
        party=Party("LMA", LMA),
        moment=Moment(0, 2, START),
        mobile_node=nai("mn1@example.com"),
        span=Span(100, 20, "MAG Identifier"),
        message="",
    )
    return replace(plain, **parts)


TEXT = """\
# Findings that are known: pmiptrace analyze --baseline reports what is new.
# Say why in `reason`; with `expires = 2027-01-31` an entry no longer holds from the day after.
# --write-baseline writes this file anew and keeps reasons and dates of what it still finds.

version = 1

[[known]]
fingerprint = "fde6d9a7d9f2f3a5"
rule = "RFC8278-4.1-BID-RANGE"
party = "MAG mag1@example.com"
count = 1
reason = ""

[[known]]
fingerprint = "aaaaaaaaaaaaaaaa"
rule = "RFC8278-4.4-PBA-NO-MAGID"
party = "LMA 2001:db8:f::1"
mobile-node = "mn1@example.com"
field = "MAG Identifier"
count = 2
first-seen = 2023-11-14
reason = ""
"""


def drafted(*findings: Finding, before: dict[str, KnownFault] | None = None) -> Draft:
    draft = Draft(before or {})
    for each in findings:
        draft.add(each)
    return draft


def read(path: Path, text: str) -> dict[str, KnownFault]:
    path.write_text(text, "utf-8")
    return read_baseline(str(path)).known


def test_the_file_is_sorted_and_says_what_it_knows() -> None:
    mag = finding(
        rule="RFC8278-4.1-BID-RANGE",
        party=Party("MAG", LMA, nai("mag1@example.com")),
        mobile_node=None,
        span=None,
        moment=Moment(0, 1, None),
    )
    text = drafted(finding(), mag, finding(moment=Moment(0, 9, START + 10**18))).text
    expected = TEXT.replace("aaaaaaaaaaaaaaaa", fingerprint(finding())).replace(
        "fde6d9a7d9f2f3a5", fingerprint(mag)
    )
    assert text == expected


def test_the_order_of_findings_does_not_matter() -> None:
    many = [
        finding(mobile_node=nai(f"mn{n % 7}@example.com"), moment=Moment(0, n, START + n))
        for n in range(20)
    ]
    assert drafted(*many).text == drafted(*reversed(many)).text


def test_what_is_written_is_read(tmp_path: Path) -> None:
    draft = drafted(finding(), finding(mobile_node=nai("mn2@example.com")))
    assert list(read(tmp_path / "b.toml", draft.text).values()) == draft.faults


def test_nothing_found_makes_an_empty_baseline(tmp_path: Path) -> None:
    assert read(tmp_path / "b.toml", drafted().text) == {}


def test_writing_anew_keeps_what_people_wrote(tmp_path: Path) -> None:
    kept, gone, new = (finding(mobile_node=nai(f"mn{n}@example.com")) for n in range(3))
    text = drafted(kept, gone).text.replace(
        'reason = ""', 'reason = "ticket 7"\nexpires = 2027-01-31'
    )
    before = read(tmp_path / "b.toml", text)
    again = Draft(before, "not looked at yet")
    for each in (replace(kept, moment=Moment(0, 5, START + 10**18)), kept, new):
        again.add(each)
    after = read(tmp_path / "b.toml", again.text)
    assert after.keys() == {fingerprint(kept), fingerprint(new)}
    old = after[fingerprint(kept)]
    assert (old.reason, old.expires, old.count) == ("ticket 7", "2027-01-31", 2)
    assert old.first_seen == "2023-11-14", "the earlier one"
    assert (after[fingerprint(new)].reason, after[fingerprint(new)].expires) == (
        "not looked at yet", None,
    )  # fmt: skip
    assert again.difference == "written with 2 entries: 1 new, 1 kept; 1 removed, no longer found"
    assert drafted(kept, new, before=after).text.count("ticket 7") == 1


@example("\x7f\u0085\u2028\t\n\"\\'", b"\x7f\x00\xff")
@given(st.text(max_size=30), st.binary(max_size=30))
def test_any_name_and_reason_comes_back(tmp_path_factory, reason: str, name: bytes) -> None:
    try:
        reason.encode()
    except UnicodeEncodeError:
        reason = "x"
    found = finding(mobile_node=Identifier(1, name))
    before = {fingerprint(found): KnownFault(fingerprint="", rule="", party="", reason=reason)}
    text = drafted(found, before=before).text
    (entry,) = tomllib.loads(text)["known"]
    assert entry["reason"] == reason
    assert entry["mobile-node"] == str(found.mobile_node)
    read(tmp_path_factory.getbasetemp() / "any.toml", text)


def test_an_entry_is_named_in_a_line() -> None:
    (fault,) = drafted(finding()).faults
    assert entry_title(fault) == "RFC8278-4.4-PBA-NO-MAGID, LMA 2001:db8:f::1, mn1@example.com"


GOOD = '[[known]]\nfingerprint = "0123456789abcdef"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "b.toml: version must be 1, and is missing"),
        ("version = 2\n", "b.toml: version must be 1, and is 2"),
        ("version = 1\nknwn = 1\n", "b.toml: there is no key 'knwn'; did you mean 'known'?"),
        ("version = 1\nknown = 1\n", "b.toml: known takes tables, [[known]]"),
        ("version = 1\nknown = [1]\n", "b.toml:2: known takes tables, not 1"),
        ("version = \n", "b.toml: no valid TOML: Invalid value (at line 1"),
        (f"version = 1\n{GOOD}\n{GOOD}", "b.toml:5: fingerprint '0123456789abcdef' stands there"),
        (f"version = 1\n{GOOD}\n[[known]]\nrule = 'x'\n", "b.toml:5: fingerprint takes 16 hexadec"),
        (f"version = 1\n{GOOD}resaon = 'x'\n", "b.toml:2: there is no key 'resaon'; did you mean"),
        (f"version = 1\n{GOOD}reason = 5\n", "b.toml:2: reason takes a text, not 5"),
        (f"version = 1\n{GOOD}count = 0\n", "b.toml:2: count takes a number from 1 on, not 0"),
        (f"version = 1\n{GOOD}expires = 'soon'\n", "b.toml:2: expires takes a date, such as"),
        (f"version = 1\n{GOOD}first-seen = 1\n", "b.toml:2: first-seen takes a date, such as"),
    ],
)
def test_a_file_that_makes_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        read(Path("b.toml"), text)
    assert str(refused.value).startswith(message)


def test_a_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.toml").write_bytes(b"\xff")
    for path, message in {
        "b.toml": "b.toml: cannot read the baseline: No such file or directory; --write-baseline",
        ".": ".: cannot read the baseline: Is a directory",
        "latin.toml": "latin.toml: no valid TOML: not UTF-8",
        "a\0b": "no valid TOML",
    }.items():
        with pytest.raises(UsageError) as refused:
            read_baseline(path)
        assert message in str(refused.value)
