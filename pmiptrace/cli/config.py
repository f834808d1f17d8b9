"""``pmiptrace config``: what applies to a run, and where it was said."""

from __future__ import annotations

from pmiptrace.cli.analyze import BaselineFile, FailsOn, JudgedBy, Severities
from pmiptrace.cli.arguments import (
    AllowEmpty,
    Config,
    Dialect,
    Each,
    Ignore,
    Isolated,
    Jobs,
    NoPlugins,
    Output,
    Select,
    ShortForm,
    ShortFormat,
    Time,
    said,
)


def config(
    select: Select = None,
    ignore: Ignore = None,
    fail_on: FailsOn = None,
    severity: Severities = None,
    baseline: BaselineFile = None,
    each: Each = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    timers: JudgedBy = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    jobs: Jobs = None,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Show every setting, its value, and the file, variable or option that it comes from.

    Options are those of analyze: given here, they show what they would change.
    """
    from pmiptrace.cli.tables import show
    from pmiptrace.configuration import configure
    from pmiptrace.report.configuration import configuration_entry, write_configuration

    given = said(
        select=select,
        ignore=ignore,
        fail_on=fail_on,
        severity=severity,
        baseline=baseline,
        each=each,
        allow_empty=allow_empty,
        dialect=dialect,
        timers=timers,
        time=time,
        jobs=jobs,
    )
    show(
        lambda: configuration_entry(configure(given, file=config, isolated=isolated)),
        write_configuration,
        format.value,
        output,
    )
