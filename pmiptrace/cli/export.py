"""``pmiptrace export``: captures and files for other programs and other people."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.arguments import (
    Captures,
    Config,
    Dialect,
    Each,
    Ignore,
    Isolated,
    NoPlugins,
    Select,
    finish,
    said,
)

app = typer.Typer(
    name="export",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Write captures anew: with findings as comments, signalling only, anonymised.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="A file, a directory for several captures, or - for standard output.",
        show_default=False,
    ),
]
EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage or configuration error
    3  a capture cannot be opened or is no capture; nothing is written
    0  all was written
  130  interrupted; nothing is written
Besides: 141 if the reader of the output went away."""


@app.command(epilog=EXIT_CODES)
def annotated(
    captures: Captures,
    output: Output,
    select: Select = None,
    ignore: Ignore = None,
    each: Each = None,
    dialect: Dialect = None,
    timers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Judge by these times and limits: delete-delay=20s,update-rate=5. Repeatable.",
        ),
    ] = None,
    config: Config = None,
    isolated: Isolated = False,
    no_plugins: NoPlugins = False,
) -> None:
    """Put findings into captures as comments.

    Each finding stands on the frame that shows it, in a pcapng file that is otherwise as it was. In
    Wireshark: frame.comment contains "pmiptrace error".
    """
    from pmiptrace.cli.exporting import annotate

    given = said(select=select, ignore=ignore, each=each, dialect=dialect, timers=timers)
    finish(lambda: annotate(captures, output, given, config=config, isolated=isolated))


@app.command(epilog=EXIT_CODES)
def signalling(captures: Captures, output: Output) -> None:
    """Keep only the signalling frames.

    They stay as they are, in the format of the capture.
    """
    from pmiptrace.cli.exporting import reduce

    finish(lambda: reduce(captures, output))


@app.command(epilog=EXIT_CODES)
def anonymised(
    captures: Captures,
    output: Output,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Decides the pseudonyms; else PMIPTRACE_REDACT_KEY does, or a random key.",
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The octets of this file as the key, a newline at its end apart."
        ),
    ] = None,
    dialect: Dialect = None,
) -> None:
    """Keep the signalling, under pseudonyms.

    Addresses, names and whatever else tells who is who get pseudonyms, and analyze still says the
    same. The same key gives the same pseudonyms, in every file and every run. Keep it to yourself.
    """
    from pmiptrace.cli.exporting import anonymise

    finish(lambda: anonymise(captures, output, key, key_file, dialect or "auto"))


@app.command("wireshark-lua")
def wireshark_lua(output: Output) -> None:
    """Teach Wireshark what it does not know.

    The script adds options 63 and 64, status 180 and more, and colours the findings of annotated
    captures:

    wireshark -X lua_script:pmiptrace.lua, or put it into the folder of personal Lua plugins.
    """
    from pmiptrace.cli.exporting import script

    finish(lambda: script(output))
