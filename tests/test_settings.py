"""The table of settings, what users may write, and which of two places counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmiptrace.errors import UsageError
from pmiptrace.model import SECOND
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.settings import MINUTE, ORDERED, SETTINGS, Kind, Setting, Settings, settings
from pmiptrace.track.timers import Timers

RENAMED = {
    "retry": "timestamp-retry",
    "reregistration": "registration-due",
    "reregistration_overdue": "registration-overdue",
    "registration": "registration-awaited",
}
"""Fields whose settings are not called as they are, but alike for what goes together."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --------------------------------------------------------------------------------- the table


@pytest.mark.parametrize(("part", "cls"), [("timers", Timers), ("options", RuleOptions)])
def test_every_field_can_be_set_and_is_called_alike(part: str, cls: type) -> None:
    named = {s.field: s.name for s in SETTINGS.values() if s.part == part}
    assert named == {
        field: RENAMED.get(field, field.replace("_", "-")) for field in cls.__struct_fields__
    }


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))
class TestSetting:
    def test_default_is_in_range_and_can_be_written(self, setting: Setting) -> None:
        assert setting.low <= setting.default <= setting.high
        assert setting.read(setting.shown(setting.default)) == setting.default
        assert (setting.kind is Kind.SWITCH) == isinstance(setting.default, bool)

    def test_ends_of_the_range_can_be_set(self, setting: Setting) -> None:
        for end in (setting.low, setting.high):
            assert setting.read(setting.shown(end)) == end

    def test_nothing_beyond_the_range_can_be_set(self, setting: Setting) -> None:
        beyond = (
            ("maybe", "2") if setting.kind is Kind.SWITCH else (setting.shown(setting.high + 1),)
        )
        for value in (
            *beyond,
            "-1",
            "-1s",
            "-1%",
            "",
            "nan",
            "inf",
            "1e3",
            "0x10",
            "٣",
            "1 0",
            [],
            {},
        ):
            with pytest.raises(UsageError, match=r"^takes "):
                setting.read(value)

    def test_documentation_is_complete(self, setting: Setting) -> None:
        assert setting.meaning.endswith(".")
        assert setting.source == "" or setting.source.startswith("RFC ")


def test_pairs_to_be_ordered_are_so_by_default() -> None:
    for lower, upper in ORDERED:
        assert SETTINGS[lower].default <= SETTINGS[upper].default


# --------------------------------------------------------------------------- what may be written


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("delete-delay", "20s", 20 * SECOND),
        ("delete-delay", "20 s", 20 * SECOND),
        ("delete-delay", "0.5s", SECOND // 2),
        ("delete-delay", "1500ms", 3 * SECOND // 2),
        ("delete-delay", "250us", 250_000),
        ("delete-delay", "2min", 2 * MINUTE),
        ("delete-delay", "1h", 60 * MINUTE),
        ("delete-delay", "0s", 0),
        ("missing-heartbeats", "5", 5),
        ("missing-heartbeats", 5, 5),
        ("timer-tolerance", "20%", 20),
        ("trust-clock", "on", True),
        ("trust-clock", "off", False),
        ("trust-clock", True, True),
        ("trust-clock", False, False),
    ],
)
def test_value(name: str, value: object, read: int) -> None:
    found = SETTINGS[name].read(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "delete-delay",
            "20",
            "takes a time with its unit (h, min, s, ms, us, ns), 0s to 1h, not '20'",
        ),
        (
            "delete-delay",
            20,
            "takes a time with its unit (h, min, s, ms, us, ns), 0s to 1h, not 20",
        ),
        ("delete-delay", "-5s", "0s to 1h, not '-5s'"),
        ("delete-delay", "2h", "0s to 1h, not '2h'"),
        ("delete-delay", "5 days", "not '5 days'"),
        ("delete-delay", "9" * 5000 + "s", "not '999"),
        ("delete-delay", True, "not true"),
        ("missing-heartbeats", "5s", "takes a whole number, 0 to 1000, not '5s'"),
        ("missing-heartbeats", 2.5, "not 2.5"),
        ("missing-heartbeats", True, "not true"),
        ("missing-heartbeats", "5%", "not '5%'"),
        ("update-rate", 0, "1 to 10, not 0"),
        ("timer-tolerance", "20", "takes a percentage, 0% to 50%, not '20'"),
        ("timer-tolerance", 20, "not 20"),
        ("timer-tolerance", "60%", "0% to 50%, not '60%'"),
        ("trust-clock", "yes", "takes on or off, not 'yes'"),
        ("trust-clock", 1, "takes on or off, not 1"),
    ],
)
def test_value_that_makes_no_sense(name: str, value: object, message: str) -> None:
    with pytest.raises(UsageError) as error:
        SETTINGS[name].read(value)
    assert message in str(error.value)
    assert len(str(error.value)) < 200


# ------------------------------------------------------------------------------ the command line


def test_nothing_set_is_the_default() -> None:
    assert settings() == Settings() == Settings(timers=Timers(), options=RuleOptions())


def test_several_at_once_and_repeated() -> None:
    found = settings(["delete-delay=20s, update-rate=5", "ipsec=on", "delete-delay=30s"])
    assert found == Settings(
        timers=Timers(delete_delay=30 * SECOND), options=RuleOptions(update_rate=5, ipsec=True)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "delete-dealy=20s",
            "--timers: there is no setting 'delete-dealy'; did you mean 'delete-de",
        ),
        ("delete_delay=20s", "did you mean 'delete-delay'?"),
        ("Grace=1s", "did you mean 'grace'?"),
        ("xyzzy=1", "known: answer, late-answer, "),
        ("", "there is no setting ''"),
        ("grace=1s,", "there is no setting ''"),
        ("grace", "--timers: grace has no value; write grace=VALUE"),
        ("grace=", "--timers: grace takes a time"),
        (
            "grace=-1s",
            "--timers: grace takes a time with its unit (h, min, s, ms, us, ns), 0s to 1min",
        ),
        (
            "heartbeat-interval-min=2h",
            "heartbeat-interval-max is 1h, and must not be less than heartbeat-interval-min,"
            " which is 2h",
        ),
        ("max-timeout=500ms", "must not be less than initial-timeout, which is 1s"),
        ("duplicate-elsewhere=10ms", "must not be less than duplicate, which is 50ms"),
    ],
)
def test_command_line_that_makes_no_sense(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        settings([text])
    assert message in str(error.value)


# ------------------------------------------------------------------------------------- the file

TWENTY = '[timers]\ndelete-delay = "20s"\n'
THIRTY = '[tool.pmiptrace.timers]\ndelete-delay = "30s"\n'


@pytest.mark.parametrize(
    ("files", "named", "assignment", "seconds"),
    [
        ({}, None, None, 10),
        ({"pmiptrace.toml": TWENTY}, None, None, 20),
        ({"pyproject.toml": THIRTY}, None, None, 30),
        ({"pyproject.toml": '[project]\nname = "x"\n'}, None, None, 10),
        ({"pmiptrace.toml": TWENTY, "pyproject.toml": THIRTY}, None, None, 20),
        ({"pmiptrace.toml": TWENTY, "pyproject.toml": THIRTY}, "pyproject.toml", None, 30),
        ({"pmiptrace.toml": "", "other.toml": TWENTY}, "other.toml", None, 20),
        ({"pmiptrace.toml": TWENTY}, None, "delete-delay=40s", 40),
        ({"pyproject.toml": THIRTY}, None, "delete-delay=10s", 10),
        ({"pmiptrace.toml": TWENTY}, None, "grace=1s", 20),
    ],
)
def test_which_place_counts(
    folder: Path,
    files: dict[str, str],
    named: str | None,
    assignment: str | None,
    seconds: int,
) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    found = settings([assignment] if assignment else [], named)
    assert found.timers.delete_delay == seconds * SECOND


def test_file_takes_what_toml_has(folder: Path) -> None:
    text = "[timers]\nmissing-heartbeats = 5\nipsec = true\ntimer-tolerance = '20%'\n"
    (folder / "pmiptrace.toml").write_text(text, "utf-8")
    assert settings() == Settings(
        timers=Timers(missing_heartbeats=5), options=RuleOptions(ipsec=True, timer_tolerance=20)
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "pmiptrace.toml",
            '[timers]\ndelete_delay = "20s"\n',
            "pmiptrace.toml: timers: there is no setting 'delete_delay';"
            " did you mean 'delete-delay'?",
        ),
        (
            "pmiptrace.toml",
            "[timers]\ndelete-delay = 20\n",
            "pmiptrace.toml: timers.delete-delay takes a time with its unit",
        ),
        (
            "pyproject.toml",
            "[tool.pmiptrace.timers]\nipsec = 1\n",
            "pyproject.toml: tool.pmiptrace.timers.ipsec takes on or off, not 1",
        ),
        (
            "pmiptrace.toml",
            "[timer]\n",
            "pmiptrace.toml: timer: there is no such key; did you mean 'timers'?",
        ),
        (
            "pyproject.toml",
            "[tool.pmiptrace]\ncolour = true\n",
            "pyproject.toml: tool.pmiptrace.colour: there is no such key; known: timers",
        ),
        ("pmiptrace.toml", "timers = 5\n", "pmiptrace.toml: timers: this must be a table"),
        ("pyproject.toml", "tool = 5\n", "pyproject.toml: tool: this must be a table"),
        ("pmiptrace.toml", "timers\n", "pmiptrace.toml: no valid TOML: "),
        ("pmiptrace.toml", b"\xff", "pmiptrace.toml: no valid TOML: not UTF-8"),
    ],
)
def test_file_that_makes_no_sense(folder: Path, name: str, text: str | bytes, message: str) -> None:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as error:
        settings()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("absent.toml", "absent.toml: cannot read the configuration: No such file or directory"),
        (".", "cannot read the configuration: Is a directory"),
        ("pyproject.toml", "pyproject.toml: there is no table tool.pmiptrace"),
    ],
)
def test_named_file_must_be_one(folder: Path, named: str, message: str) -> None:
    (folder / "pyproject.toml").write_text("", "utf-8")
    with pytest.raises(UsageError) as error:
        settings(file=named)
    assert message in str(error.value)
