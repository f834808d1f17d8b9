"""``pmiptrace bindings``: the binding cache as it stood at a moment."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.arguments import (
    AllowEmpty,
    Captures,
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


def bindings(
    captures: Captures,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|FRAME",
            help="Show this moment: 2023-11-14T22:13:20.5Z, 22:13:20.5, 1700000000.5, +12.5s "
            "since the first packet, or when frame 1234, or 2:1234 of the second capture, had "
            "been captured. Default: the end.",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        bool,
        typer.Option(
            "--changes", help="List every change of state until then, with its cause and frame."
        ),
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
    """Show the binding cache of the LMAs at a moment: who is registered where, and how long.

    State is built on every message until then; --mobile-node, --mag and --lma narrow what is
    shown. Nothing behind that moment is read.
    """
    from pmiptrace.cli.run import CapturesRequest
    from pmiptrace.cli.views import show_bindings

    given = said(allow_empty=allow_empty, dialect=dialect, timers=timers, time=time, jobs=jobs)
    request = CapturesRequest(
        captures=tuple(captures),
        format=format.value,
        output=None if output == "-" else output,
        mobile_node=mobile_node,
        mag=mag,
        lma=lma,
        given=given,
        engine=engine.value,
        esp_sa=tuple(esp_sa or ()),
        esp_null=esp_null,
        config=config,
        isolated=isolated,
    )
    finish(lambda: show_bindings(request, at=at, changes=changes))
