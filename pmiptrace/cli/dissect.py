"""``pmiptrace dissect``: the messages of captures as a list, and field by field."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.arguments import (
    AllowEmpty,
    Config,
    Dialect,
    Engine,
    EspNull,
    EspSa,
    Form,
    Format,
    Isolated,
    Jobs,
    Lma,
    Mag,
    MobileNode,
    NoPlugins,
    Output,
    ReadBy,
    Time,
    Timers,
    finish,
    said,
)

DISSECT_EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage or configuration error, or a FRAME without signalling
    3  a capture cannot be opened or is no capture; the others are shown
    4  not one Mobility Header message in any capture
    0  none of that
  130  interrupted; what was found so far is shown
Besides: 141 if the reader of the output went away, 70 for a fault in
pmiptrace itself."""


def dissect(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CAPTURE... [FRAME...]",
            help="Capture files, directories, globs, or - for standard input; then frames to take"
            " apart: 7, 7-9, and 2:7 for frame 7 of the second capture.",
            show_default=False,
        ),
    ] = None,
    filter: Annotated[  # noqa: A002
        str | None,
        typer.Option(
            "--filter",
            metavar="EXPR",
            help="Show only messages that meet this: 'status >= 128 and mobile_node contains"
            ' "example"\'.',
        ),
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="Print these fields, a line per message, for scripts."),
    ] = None,
    separator: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="What stands between fields, by default a tab.", show_default=False
        ),
    ] = "\t",
    header: Annotated[
        bool, typer.Option("--header", help="Print the names of the fields first.")
    ] = False,
    list_fields: Annotated[
        bool, typer.Option("--list-fields", help="List the fields for --fields and --filter.")
    ] = False,
    tree: Annotated[
        bool, typer.Option("--tree", help="Take every message apart that is shown.")
    ] = False,
    dump: Annotated[
        bool, typer.Option("-x", "--hex", help="Show the octets of what is taken apart.")
    ] = False,
    format: Format = Form.TEXT,  # noqa: A002
    output: Output = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: Timers = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    jobs: Jobs = None,
    no_plugins: NoPlugins = False,
) -> None:
    """List the messages of captures with what happened; with FRAME, show every field of them.

    The whole run is followed, whatever is shown. The list lags behind the capture until a
    request is answered or given up, as only then is known what a message was.
    """
    from pmiptrace.cli.listing import Listing, show
    from pmiptrace.cli.tables import show as show_table

    if list_fields:
        from pmiptrace.report.lookup.named_fields import named_fields, write_named_fields

        form = "text" if format is Form.TEXT else "json"
        show_table(named_fields, lambda console, _: write_named_fields(console), form, output)
    given = said(allow_empty=allow_empty, dialect=dialect, timers=timers, time=time, jobs=jobs)
    listing = Listing(
        arguments=tuple(arguments or ()),
        filter=filter,
        fields=fields,
        separator=separator.replace("\\t", "\t"),
        header=header,
        tree=tree,
        dump=dump,
        format=format.value,
        output=None if output == "-" else output,
        given=given,
        engine=engine.value,
        esp_sa=tuple(esp_sa or ()),
        esp_null=esp_null,
        config=config,
        isolated=isolated,
        mobile_node=mobile_node,
        mag=mag,
        lma=lma,
    )
    finish(lambda: show(listing))
