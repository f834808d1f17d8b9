"""The table of settings, and what users may write."""

from __future__ import annotations

import re

import pytest

from pmiptrace.errors import UsageError
from pmiptrace.model import SECOND
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.settings import (
    HOUR,
    MINUTE,
    ORDERED,
    SETTINGS,
    Kind,
    Setting,
    Settings,
    setting,
    settings_of,
)
from pmiptrace.track.timers import Timers

RENAMED = {
    "retry": "timestamp-retry",
    "reregistration": "registration-due",
    "reregistration_overdue": "registration-overdue",
    "registration": "registration-awaited",
}
"""Fields whose settings are not called as they are, but alike for what goes together."""


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


# ------------------------------------------------------------------------------------ all of them


def test_nothing_set_is_the_default() -> None:
    assert settings_of({}) == Settings() == Settings(timers=Timers(), options=RuleOptions())


def test_each_value_goes_to_its_part() -> None:
    found = settings_of({"delete-delay": 30 * SECOND, "update-rate": 5, "ipsec": True})
    assert found == Settings(
        timers=Timers(delete_delay=30 * SECOND), options=RuleOptions(update_rate=5, ipsec=True)
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"heartbeat-interval-min": 2 * HOUR},
            "heartbeat-interval-max is 1h, and must not be less than heartbeat-interval-min,"
            " which is 2h",
        ),
        ({"max-timeout": SECOND // 2}, "must not be less than initial-timeout, which is 1s"),
        ({"duplicate-elsewhere": 1}, "must not be less than duplicate, which is 50ms"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError) as error:
        settings_of(values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("delete-dealy", "did you mean 'delete-delay'?"),
        ("delete_delay", "did you mean 'delete-delay'?"),
        ("Grace", "did you mean 'grace'?"),
        ("xyzzy", "known: answer, late-answer, "),
    ],
)
def test_a_name_that_does_not_exist_is_refused(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"there is no setting '{name}'; {re.escape(hint)}"):
        setting(name)
