"""What applies of several places, and what is refused wherever it stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pmiptrace.configuration import CONFIG, KEYS, NAMES, Configuration, configure
from pmiptrace.configuration.keys import IGNORE_KEYS, Ignore, variable
from pmiptrace.errors import UsageError
from pmiptrace.model import SECOND, Severity
from pmiptrace.report.times import TimeFormat
from pmiptrace.selection import Pattern
from pmiptrace.settings import SETTINGS, Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def applied(
    pyproject: str = "",
    own: str = "",
    variables: dict[str, str] | None = None,
    **given: object,
) -> Configuration:
    if pyproject:
        Path("pyproject.toml").write_text(f"[tool.pmiptrace]\n{pyproject}\n", "utf-8")
    if own:
        Path("pmiptrace.toml").write_text(own, "utf-8")
    said = {name.replace("_", "-"): value for name, value in given.items()}
    return configure(said, environment=variables or {})


def refusal(*places: object, **given: object) -> str:
    with pytest.raises(UsageError) as refused:
        applied(*places, **given)
    return str(refused.value)


def test_nothing_said_is_the_default() -> None:
    plain = applied()
    assert [selector.text for selector in plain.select] == ["all"]
    assert (plain.ignore, plain.ignores, plain.severities) == ((), (), {})
    assert (plain.fail_on, plain.time) == (Severity.ERROR, TimeFormat.UTC)
    assert plain.settings == Settings()
    assert {value.origin for _, value in plain.rows()} == {"default"}


# ------------------------------------------------------------------------------------- strength

PLACES = ("pyproject", "own", "variables", "given")
SAID = {
    "fail-on": (
        'fail-on = "warning"', 'fail-on = "info"', "never", "error",
        ("error", "warning", "info", "never", "error"),
    ),
    "select": (
        'select = ["RFC8278"]', 'select = ["RFC5213", "RFC6275"]', "PM-,RFC7077", ("all",),
        ("all", "RFC8278", "RFC5213 RFC6275", "PM- RFC7077", "all"),
    ),
    "ignore": (
        'ignore = ["RFC8278"]', "ignore = []", "party:LMA", ("RFC4283", "RFC5213,RFC5648"),
        ("", "RFC8278", "", "party:LMA", "RFC4283 RFC5213 RFC5648"),
    ),
    "allow-empty": (
        "allow-empty = true", "allow-empty = false", "on", False,
        (False, True, False, True, False),
    ),
    "each": ("each = true", "each = false", "on", False, (False, True, False, True, False)),
    "jobs": ("jobs = 1", "jobs = 2", "3", 4, (None, 1, 2, 3, 4)),
    "time": (
        'time = "local"', 'time = "epoch"', "relative", TimeFormat.UTC,
        ("utc", "local", "epoch", "relative", "utc"),
    ),
    "dialect": (
        'dialect = "none"', 'dialect = "pmip6d-2011"', "auto", "none",
        ("auto", "none", "pmip6d-2011", "auto", "none"),
    ),
    "baseline": (
        'baseline = "a.toml"', 'baseline = "b.toml"', "c.toml", "d.toml",
        ("none", "a.toml", "b.toml", "c.toml", "d.toml"),
    ),
}  # fmt: skip


def test_every_key_is_tried() -> None:
    assert SAID.keys() == KEYS.keys()


@pytest.mark.parametrize("places", range(5))
@pytest.mark.parametrize("name", SAID)
def test_the_strongest_place_counts(name: str, places: int) -> None:
    *said, expected = SAID[name]
    found = applied(
        said[0] if places > 0 else "",
        said[1] if places > 1 else "",
        {variable(name): said[2]} if places > 2 else {},
        **({name: said[3]} if places > 3 else {}),
    )
    value = found[name]
    if isinstance(value, tuple):
        value = " ".join(selector.text for selector in value)
    assert value == expected[places]
    assert found.values[(name,)].origin == (
        "default", "file", "file", "environment", "command line",
    )[places]  # fmt: skip


def test_tables_are_joined_entry_by_entry() -> None:
    found = applied(
        'timers.grace = "1s"\ntimers.delete-delay = "20s"\n'
        'severity.RFC8278 = "info"\nseverity.RFC5213 = "info"',
        '[timers]\ndelete-delay = "30s"\nanswer = "5s"\n[severity]\nRFC8278 = "warning"\n',
        {"PMIPTRACE_TIMERS": "answer=6s,update-rate=5", "PMIPTRACE_SEVERITY": "RFC6275=error"},
        timers=("update-rate=7,ipsec=on", "warmup=1s"),
    )
    timers, options = found.settings.timers, found.settings.options
    assert (timers.delete_delay, timers.answer) == (30 * SECOND, 6 * SECOND)
    assert (options.grace, options.update_rate, options.ipsec) == (SECOND, 7, True)
    severities = found.severities
    assert severities["RFC8278-4.1-BO-EXCLUSIVE"] is Severity.WARNING
    assert severities["RFC5213-8.2-P-FLAG"] is Severity.INFO
    assert {rule.partition("-")[0] for rule in severities} == {"RFC8278", "RFC5213", "RFC6275"}
    places = {name: (value.origin, str(value.place)) for name, value in found.rows()}
    assert places["timers.grace"] == ("file", "pyproject.toml:2")
    assert places["timers.delete-delay"] == ("file", "pmiptrace.toml:2")
    assert places["timers.answer"] == ("environment", "PMIPTRACE_TIMERS")
    assert places["timers.update-rate"] == ("command line", "--timers")
    assert places["timers.forget"] == ("default", "")
    assert places["severity.RFC8278"] == ("file", "pmiptrace.toml:5")


@pytest.mark.parametrize(
    ("own", "given", "first", "second"),
    [
        ({"RFC8278": "info"}, (), "info", "info"),
        # The nearer one counts, in whatever order they stand ...
        ({"RFC8278-4.1": "warning", "RFC8278": "info", "all": "error"}, (), "warning", "info"),
        ({"all": "error", "RFC8278-4.1-BO-EXCLUSIVE": "info"}, (), "info", "error"),
        # ... in one place; a stronger place goes before.
        ({"RFC8278-4.1-BO-EXCLUSIVE": "info"}, ("RFC8278=warning",), "warning", "warning"),
        ({}, ("RFC8278-4.1=info,RFC8278=warning",), "info", "warning"),
    ],
)
def test_of_severities_the_nearer_one_counts(
    own: dict[str, str], given: tuple[str, ...], first: str, second: str
) -> None:
    lines = "".join(f'"{name}" = "{value}"\n' for name, value in own.items())
    found = applied("", f"[severity]\n{lines}", severity=given).severities
    assert found["RFC8278-4.1-BO-EXCLUSIVE"] == first
    assert found["RFC8278-4.4-PBA-NO-MAGID"] == second


def test_what_a_stronger_place_says_again_is_as_strong_as_that_place() -> None:
    found = applied(
        'severity.RFC8278 = "info"',
        '[severity]\n"RFC8278-4.1" = "warning"\n',
        severity=("RFC8278=error",),
    )
    assert found.severities["RFC8278-4.1-BO-EXCLUSIVE"] is Severity.ERROR


def test_a_named_file_is_the_only_one(folder: Path) -> None:
    (folder / "other.toml").write_text("jobs = 7\n", "utf-8")
    for how in ({"file": "other.toml", "environment": {}}, {"environment": {CONFIG: "other.toml"}}):
        applied('fail-on = "info"', "jobs = 2")
        found = configure(**how)
        assert (found["jobs"], found.fail_on) == (7, Severity.ERROR)
    assert configure(file="pyproject.toml", environment={CONFIG: "other.toml"})["jobs"] is None


def test_isolated_reads_no_file_but_hears_the_rest(folder: Path) -> None:
    applied("jobs = 2", 'fail-on = "info"')
    variables = {"PMIPTRACE_DIALECT": "none", CONFIG: "absent.toml"}
    found = configure({"time": "local"}, isolated=True, environment=variables)
    assert (found["jobs"], found.fail_on) == (None, Severity.ERROR)
    assert (found["dialect"], found["time"]) == ("none", "local")
    with pytest.raises(UsageError, match="exclude each other"):
        configure(file="pmiptrace.toml", isolated=True)


def test_files_are_named_from_where_they_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".git").mkdir()
    (folder / "deep").mkdir()
    applied('baseline = "known.toml"\ndialect = "tables/ours.toml"')
    monkeypatch.chdir(folder / "deep")
    found = configure(environment={})
    assert (found["baseline"], found["dialect"]) == ("../known.toml", "../tables/ours.toml")
    found = configure({"baseline": "own.toml"}, environment={"PMIPTRACE_DIALECT": "x.toml"})
    assert (found["baseline"], found["dialect"]) == ("own.toml", "x.toml")


def test_a_variable_that_is_empty_says_nothing() -> None:
    assert applied("jobs = 2", variables={"PMIPTRACE_JOBS": " "})["jobs"] == 2


def test_variables_of_others_are_let_be() -> None:
    applied(variables={"PMIPTRACE_SCAN": "python", "PMIPTRACE_VERSION": "1", "SELECT": "x"})


# ------------------------------------------------------------------------------------- ignores

FULL = """
[[ignores]]
rule = "RFC8278-4.1, party:LMA"
reason = "ticket 7"

[[ignores]]
rule = "all"
reason = "old"
party = "MAG"
mag = "mag1@*"
lma = "2001:db8::1"
mobile-node = "mn?"
capture = "*.pcap"
expires = 2027-01-31
"""


def test_ignores_are_read() -> None:
    first, second = applied(own=FULL).ignores
    assert [selector.text for selector in first.rule] == ["RFC8278-4.1", "party:LMA"]
    assert (first.reason, first.expires, first.mag) == ("ticket 7", None, None)
    assert second.party == "MAG"
    assert (second.mag, second.lma) == (Pattern("mag1@*"), Pattern("2001:db8::1"))
    assert (second.mobile_node, second.capture) == (Pattern("mn?"), Pattern("*.pcap"))
    assert second.expires == date(2027, 1, 31)
    assert second.title == "pmiptrace.toml:6: the ignore of all"


def test_an_ignore_can_list_rules() -> None:
    (found,) = applied(own="[[ignores]]\nrule = ['RFC8278-4.1', 'PM-']\nreason = 'x'\n").ignores
    assert [selector.text for selector in found.rule] == ["RFC8278-4.1", "PM-"]


def test_all_that_an_ignore_can_say_is_tried() -> None:
    assert all(f"{name} = " in FULL for name in IGNORE_KEYS)
    own = {"place"}
    assert {name.replace("-", "_") for name in IGNORE_KEYS} == {*Ignore.__struct_fields__} - own


def test_a_party_can_be_written_in_small_letters() -> None:
    assert (
        applied(own="[[ignores]]\nrule = 'all'\nparty = 'mag'\nreason = 'x'\n").ignores[0].party
        == "MAG"
    )


def test_the_table_of_the_other_file() -> None:
    told = refusal("", "[tool.pmiptrace]\nselect = ['RFC8278']")
    assert "[tool.pmiptrace] is for pyproject.toml; here its keys stand alone" in told


def test_a_stronger_file_has_its_own_ignores() -> None:
    weaker = '[[tool.pmiptrace.ignores]]\nrule = "PM-"\nreason = "x"'
    assert [len(applied(weaker, own).ignores) for own in ("", FULL)] == [1, 2]
    assert applied('severity.RFC5213 = "info"', "").ignores != ()


# ------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", ": tool.pmiptrace.selct: there is no such key; did you mean 'select'?"),
        ("fail_on = 'error'", "fail_on: there is no such key; did you mean 'fail-on'?"),
        ("xyzzy = 1", "xyzzy: there is no such key; known: select, ignore, fail-on,"),
        ("select = 'RFC8278'", ': tool.pmiptrace.select takes a list of rules, such as ["RFC8278"'
                               "], not 'RFC8278'"),
        ("select = []", "select takes a list of rules"),
        ("select = [5]", "select takes a list of rules, such as"),
        ("ignore = ['RFC8279']", "ignore: no rule is, or begins with, 'RFC8279'; did you mean"),
        ("fail-on = 'errors'", "fail-on takes error, warning, info or never, not 'errors'; did you"
                               " mean 'error'?"),
        ("fail-on = true", "fail-on takes error, warning, info or never, not true"),
        ("allow-empty = 1", "allow-empty takes true or false, not 1"),
        ("allow-empty = 'on'", "allow-empty takes true or false, not 'on'"),
        ("jobs = 0", "jobs takes a number of cores, 1 or more, not 0"),
        ("jobs = true", "jobs takes a number of cores, 1 or more, not true"),
        ("time = 'gmt'", "time takes utc, local, relative or epoch, not 'gmt'"),
        ("dialect = 'pmip6'", "dialect: there is no dialect 'pmip6'; did you mean 'pmip6d-2011'?"),
        ("dialect = ''", "dialect takes auto, none, a dialect or a file, not ''"),
        ("baseline = ''", "baseline takes a file, or none, not ''"),
        ("timers = 5", ": tool.pmiptrace.timers takes a table, not 5"),
        ("timers.gace = '1s'", "timers: there is no setting 'gace'; did you mean 'grace'?"),
        ("timers.grace = 1", ": tool.pmiptrace.timers.grace takes a time with its unit (h, min, s"),
        ("severity.RFC8279 = 'info'", "severity.RFC8279: no rule is, or begins with, 'RFC8279'"),
        ("severity.RFC8278 = 'warn'", "severity.RFC8278 takes error, warning or info, not 'warn';"
                                      " did you mean 'warning'?"),
        ("severity.RFC8278-4.1 = 'info'", "takes error, warning or info, not {'1': 'info'}; write a"
                                          " name with dots in quotes"),
        ("severity.'party:MAG' = 'info'", "severity.party:MAG takes one rule, a prefix of some, a"
                                          " section or an RFC on its left"),
        ("ignores = 5", ": tool.pmiptrace.ignores takes tables, [[tool.pmiptrace.ignores]]"),
        ("ignores = [5]", "ignores takes a table, not 5"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense(text: str, message: str) -> None:
    told = refusal(text)
    assert told.startswith("pyproject.toml:2: tool.pmiptrace.")
    assert message in told


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rul = 'all'", "there is no key 'rul'; did you mean 'rule'?"),
        ("rule = 'all'", "reason is missing"),
        ("reason = 'x'", "rule is missing"),
        ("rule = 'all'\nreason = ' '", "reason takes a text, not ' '"),
        ("rule = []\nreason = 'x'", "rule takes a text or a list of texts, not []"),
        ("rule = [1]\nreason = 'x'", "rule takes a text or a list of texts, not [1]"),
        ("rule = 'RFC8279'\nreason = 'x'", "no rule is, or begins with, 'RFC8279'"),
        ("rule = 'all'\nreason = 'x'\nparty = 'MN'", "party takes MAG, LMA or unknown, not 'MN'"),
        ("rule = 'all'\nreason = 'x'\nmag = 5", "mag takes a text, not 5"),
        (
            "rule = 'all'\nreason = 'x'\nexpires = 'soon'",
            "expires takes a date, such as 2027-01-31",
        ),
        ("rule = 'all'\nreason = 'x'\nexpires = 2027-01-31T10:00:00", "expires takes a date, such"),
        (
            "rule = 'all'\nreason = 'x'\nexpires = 5",
            "expires takes a date, such as 2027-01-31, not",
        ),
    ],
)
def test_an_ignore_that_makes_no_sense(line: str, message: str) -> None:
    good = "[[ignores]]\nrule = 'all'\nreason = 'x'\nexpires = '2027-01-31'\n"
    told = refusal("", f"{good}\n[[ignores]]\n{line}\n")
    assert told.startswith("pmiptrace.toml:6: ignores")
    assert message in told


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PMIPTRACE_SELECT", "RFC8279", "PMIPTRACE_SELECT: no rule is, or begins with, 'RFC8279'"),
        ("PMIPTRACE_FAIL_ON", "warn", "PMIPTRACE_FAIL_ON takes error, warning, info or never, not"),
        ("PMIPTRACE_JOBS", "many", "PMIPTRACE_JOBS takes a number of cores, 1 or more, not 'many'"),
        ("PMIPTRACE_JOBS", "٣", "not '٣'"),
        ("PMIPTRACE_JOBS", "9" * 5000, "not '999"),
        ("PMIPTRACE_ALLOW_EMPTY", "yes", "PMIPTRACE_ALLOW_EMPTY takes true or false, not 'yes'"),
        ("PMIPTRACE_TIMERS", "grace", "PMIPTRACE_TIMERS: grace has no value; write grace=VALUE"),
        ("PMIPTRACE_TIMERS", "grace=1", "PMIPTRACE_TIMERS: grace takes a time with its unit"),
        ("PMIPTRACE_SEVERITY", "RFC8278=bad", "PMIPTRACE_SEVERITY: RFC8278 takes error, warning"),
        ("PMIPTRACE_CONFIG", "absent.toml", "absent.toml: cannot read the configuration"),
        ("PMIPTRACE_FAILON", "error", "there is no such variable; did you mean PMIPTRACE_FAIL_ON?"),
        ("PMIPTRACE_IGNORES", "x", "there is no such variable; did you mean PMIPTRACE_IGNORE?"),
    ],
)
def test_an_environment_that_makes_no_sense(name: str, text: str, message: str) -> None:
    told = refusal(variables={name: text})
    assert message in told
    assert len(told) < 250


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("select", ("RFC8279",), "--select: no rule is, or begins with, 'RFC8279'"),
        ("timers", ("grace=-1s",), "--timers: grace takes a time with its unit"),
        ("timers", ("",), "--timers: there is no setting ''"),
        ("timers", ("grace=1s,",), "--timers: there is no setting ''"),
        ("timers", ("delete_delay=20s",), "did you mean 'delete-delay'?"),
        ("severity", ("RFC8278",), "--severity: RFC8278 has no value; write RFC8278=VALUE"),
        ("baseline", "", "--baseline takes a file, or none, not ''"),
    ],
)
def test_a_command_line_that_makes_no_sense(name: str, said: object, message: str) -> None:
    assert message in refusal(**{name: said})


def test_what_is_weaker_must_make_sense_too() -> None:
    assert "pyproject.toml:2" in refusal("jobs = 0", "jobs = 1", {"PMIPTRACE_JOBS": "2"}, jobs=3)


def test_rows_have_the_severities_that_any_rule_gets() -> None:
    own = '[severity]\n"RFC8278-4.1" = "info"\nRFC5213 = "info"\n"PM-" = "info"\n'
    found = applied("", own, severity=("RFC8278=warning", "RFC5213-8.1=error"))
    names = [name for name, _ in found.rows() if name.startswith("severity.")]
    assert names == [
        "severity.RFC5213", "severity.PM-", "severity.RFC8278", "severity.RFC5213-8.1",
    ]  # fmt: skip


def test_contradicting_times_are_refused_wherever_they_come_from() -> None:
    found = applied(
        "timers.initial-timeout = '20s'", variables={"PMIPTRACE_TIMERS": "max-timeout=5s"}
    )
    with pytest.raises(UsageError, match="must not be less than initial-timeout, which is 20s"):
        _ = found.settings


def test_rows_are_all_that_can_be_set() -> None:
    names = [name for name, _ in applied(own='[severity]\nPM- = "info"\n').rows()]
    timers = {f"timers.{name}" for name in SETTINGS}
    assert set(names) == {*NAMES, "severity.PM-", *timers} - {"timers", "severity"}


def test_a_baseline_can_be_declined() -> None:
    assert applied('baseline = "a.toml"').baseline == "a.toml"
    assert applied('baseline = "a.toml"', baseline="none").baseline is None
    assert configure(isolated=True, environment={}).baseline is None
