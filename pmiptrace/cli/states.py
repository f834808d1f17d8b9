"""``pmiptrace states``: the transition table of bindings, for looking up."""

from __future__ import annotations

from pmiptrace.cli.arguments import Output, ShortForm, ShortFormat


def states(
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
) -> None:
    """Show the states of a binding, and which event leads from one to the next."""
    from pmiptrace.cli.tables import show
    from pmiptrace.report.lookup.states import transitions, write_states

    show(transitions, lambda console, _: write_states(console), format.value, output)
