"""One place of a correct run changed, and the rules that the change breaks.

`mutations` gives every change of every message of a `Run` that the operators know, each with
the IDs of the catalogue rules that the changed run breaks by the RFCs' text, or with the reason
why it breaks none::

    for mutation in mutations(run):
        frames = mutation.frames()

What is broken follows from what the simulated peers did and held, not from what an analysis says of
it: an operator asks whether its request was answered, renewed a binding of the LMA's cache, or was
the first one. Where the text leaves it open whether a change breaks a rule, the rule is not named.
The checksum is right again after each change, except after that of the checksum.
"""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.simulation.mutation import (
    addresses,
    answers,
    contents,
    flags,
    messages,
    octets,
    options,
    requests,
    signalling,
)
from pmiptrace.simulation.mutation.change import Mutation, Operator
from pmiptrace.simulation.mutation.place import places_of
from pmiptrace.simulation.network import Vantage
from pmiptrace.simulation.run import Run

OPERATORS: tuple[Operator, ...] = (
    *flags.OPERATORS,
    *options.OPERATORS,
    *requests.OPERATORS,
    *contents.OPERATORS,
    *answers.OPERATORS,
    *signalling.OPERATORS,
    *octets.OPERATORS,
    *addresses.OPERATORS,
    *messages.OPERATORS,
)
"""What can be changed, in the order in which it is; each topic has a module of its own."""

__all__ = ["Mutation", "mutations"]


def mutations(run: Run, vantage: Vantage = Vantage.LMA) -> Iterator[Mutation]:
    """Give all changes of all messages that a capture holds, in a fixed order."""
    original = run.frames(vantage)
    for place in places_of(run, vantage):
        for operator in OPERATORS:
            for change in operator(place):
                yield Mutation(place, change, original)
