"""Arguments, options and exit codes that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from pmiptrace.report.times import TimeFormat

Captures = Annotated[
    list[str],
    typer.Argument(
        metavar="CAPTURE",
        help="Capture files, directories, globs, or - for standard input.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to this file, whole or not at all."),
]
MobileNode = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Show only this mobile node. * and ? stand for any characters, in all names.",
    ),
]
Mag = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Show only this MAG: its identifier or a care-of address."),
]
Lma = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Show only this LMA.")]
Each = Annotated[
    bool | None,
    typer.Option(
        "--each/--together",
        help="Judge every capture on its own, not all of them as one run.",
        show_default=False,
    ),
]
AllowEmpty = Annotated[
    bool | None,
    typer.Option(
        "--allow-empty/--no-allow-empty",
        help="Captures without any signalling are no failure.",
        show_default=False,
    ),
]
Dialect = Annotated[
    str | None,
    typer.Option(
        metavar="auto|none|NAME|FILE",
        help="Numbers of implementations older than IANA's: recognised, never, this table."
        " [default: auto]",
    ),
]


class Engine(StrEnum):
    """Who reads captures."""

    OWN = "own"
    TSHARK = "tshark"


ReadBy = Annotated[
    Engine,
    typer.Option(
        "--engine", help="tshark reads more: other formats, other tunnels, ESP with its keys."
    ),
]
EspSa = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SA|@FILE",
        help="Decrypt ESP, by tshark: SOURCE,DESTINATION,SPI,ENCRYPTION,KEY,AUTHENTICATION,KEY;"
        " or a file of such lines. Repeatable.",
    ),
]
EspNull = Annotated[
    bool, typer.Option("--esp-null", help="Look into ESP that is not encrypted. Takes longer.")
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE,...",
        help="Only these findings: of a rule, a prefix, a section or an RFC (RFC8278-4.4), or"
        " party:MAG, confidence:packet. Repeatable.",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE,...", help="Not these, even if selected. Repeatable."),
]
Timers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE,...",
        help="Assume these times and limits: delete-delay=20s. Repeatable.",
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Read this instead of the pmiptrace.toml and pyproject.toml nearby.",
    ),
]


def _use_plugins(off: bool) -> None:
    """Take plugins in before anything asks for rules, options or formats; name the broken ones."""
    from pmiptrace import plugins
    from pmiptrace.errors import UsageError
    from pmiptrace.report.formats import formats

    if off:
        plugins.switch_off()
        return
    try:
        plugins.load_plugins()
        formats()
    except UsageError as error:
        raise typer.BadParameter(str(error), param_hint=plugins.VARIABLE) from error
    for plugin in plugins.plugins():
        if plugin.error is not None:
            from pmiptrace.cli.run import tell

            tell(f"{plugin} was left out: {plugin.error}")


NoPlugins = Annotated[
    bool,
    typer.Option(
        "--no-plugins",
        callback=_use_plugins,
        expose_value=False,
        help="Leave out the rules, options and formats of other packages.",
    ),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Read no configuration file at all.")]
Time = Annotated[
    TimeFormat | None,
    typer.Option(metavar="|".join(TimeFormat), help="How text writes times. [default: utc]"),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Scan large captures on this many cores; if not given, on those there are.",
    ),
]

VIEW_EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage or configuration error
    3  a capture cannot be opened or is no capture; the others are shown
    4  not one Mobility Header message in any capture
    0  none of that
  130  interrupted; what was found so far is shown
Besides: 141 if the reader of the output went away, 70 for a fault in
pmiptrace itself."""


class Form(StrEnum):
    """What a view can be written as."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class ShortForm(StrEnum):
    """The same, for what has no lines."""

    TEXT = "text"
    JSON = "json"


Format = Annotated[Form, typer.Option("--format", help="What to write it as.")]
ShortFormat = Annotated[ShortForm, typer.Option("--format", help="What to write it as.")]


def said(**options: object) -> dict[str, object]:
    """Give what the command line says of the keys of a configuration, None for what it does not."""
    return {
        name.replace("_", "-"): tuple(value) if isinstance(value, list) else value
        for name, value in options.items()
    }


def finish(work: Callable[[], int]) -> NoReturn:
    """Do the work and end with its exit code; what the user can mend is a usage error."""
    from pmiptrace.errors import UsageError

    try:
        raise typer.Exit(work())
    except UsageError as error:
        raise typer.BadParameter(str(error)) from error
