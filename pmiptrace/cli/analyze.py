"""``pmiptrace analyze``: from captures to bindings, findings and a report."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pmiptrace.cli.arguments import (
    AllowEmpty,
    Captures,
    Config,
    Dialect,
    Each,
    Engine,
    EspNull,
    EspSa,
    Ignore,
    Isolated,
    Jobs,
    Lma,
    Mag,
    MobileNode,
    NoPlugins,
    ReadBy,
    Select,
    Time,
    finish,
    said,
)
from pmiptrace.cli.outputs import ORDER, CommandInOrder, outputs
from pmiptrace.report.formats import format_named, formats


class FailOn(StrEnum):
    """The mildest finding that makes the command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


FailsOn = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        metavar="|".join(FailOn),
        help="The mildest violation that makes the exit code 1. [default: error]",
    ),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        "--severity",
        metavar="RULE=LEVEL,...",
        help="Take these rules for errors, warnings or infos: RFC8278-4.4=warning. Repeatable.",
    ),
]
BaselineFile = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE|none",
        help="What this file knows does not fail the run, and is not shown.",
    ),
]
JudgedBy = Annotated[
    list[str] | None,
    typer.Option(
        "--timers",
        metavar="NAME=VALUE,...",
        help="Judge by these times and limits: delete-delay=20s,update-rate=5. Repeatable.",
    ),
]

EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage or configuration error
    3  a capture cannot be opened or is no capture; the others are reported
    1  findings at or above --fail-on
    4  not one Mobility Header message in any capture
    0  none of that
  130  interrupted; what was found so far is reported
Besides: 141 if the reader of the output went away, 70 for a fault in
pmiptrace itself."""


class AnalyzeCommand(CommandInOrder):
    """The command that lists the formats below its help, those of plugins among them."""

    @property
    def epilog(self) -> str:
        """The formats and the exit codes."""
        known = formats()
        width = max(len(form.name) for form in known)
        listed = (
            "\b",
            "Formats:",
            *(f"  {form.name:{width}}  {form.help}" for form in known),
            "Each --format may be followed by an -o of its own:",
            "  --format html -o report.html --format json -o report.json --format text",
        )
        return "\n".join((*listed, "", EXIT_CODES))

    @epilog.setter
    def epilog(self, _: str | None) -> None:
        """Leave it as it is: it is made when it is wanted."""


def analyze(
    ctx: typer.Context,
    captures: Captures,
    format: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What to write the report as, of the formats below. Repeatable. [default: text]",
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to this file, whole or not at all: the report of the --format before it.",
        ),
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    fail_on: FailsOn = None,
    severity: Severities = None,
    baseline: BaselineFile = None,
    write_baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write what fails to this baseline; reasons and dates that it has are kept.",
        ),
    ] = None,
    baseline_reason: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The reason of entries that --write-baseline adds."),
    ] = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    each: Each = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: JudgedBy = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage",
            help="List every rule with how often it was judged, in text, markdown and html.",
        ),
    ] = False,
    jobs: Jobs = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Put pseudonyms in place of names and addresses, in every format."
        ),
    ] = False,
    redact_key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Redact by the key in this file, for the same pseudonyms in every run; else by"
            " PMIPTRACE_REDACT_KEY, or a random key.",
        ),
    ] = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Rebuild the bindings of captures and report what breaks which sentence of which RFC.

    State is always built on every message; --select, --ignore, --mobile-node, --mag and --lma
    narrow what is reported, and the exit code follows what is reported. A configuration file and
    the environment can say the same as options: pmiptrace config shows what applies.
    """

    def work() -> int:
        names = [format_named(name).name for name in format or ()]
        wanted = outputs(ctx.meta[ORDER], names, output or ())
        from pmiptrace.cli.reporting import ReportRequest, write_reports

        request = ReportRequest(
            captures=tuple(captures),
            outputs=wanted,
            given=said(
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
            ),
            config=config,
            isolated=isolated,
            write_baseline=write_baseline,
            baseline_reason=baseline_reason,
            mobile_node=mobile_node,
            mag=mag,
            lma=lma,
            engine=engine.value,
            esp_sa=tuple(esp_sa or ()),
            esp_null=esp_null,
            coverage=coverage,
            redact=redact,
            redact_key=redact_key,
        )
        return write_reports(request)

    finish(work)
