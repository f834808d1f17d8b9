"""Conforming peers of a PMIPv6 domain, simulated: what a correct run puts on the wire.

`simulate` lets MAGs and LMAs of a `Scenario` talk to each other over a network that delays and
loses packets. The `Run` gives what a capture at a vantage point holds, and what the LMAs' binding
caches held at any moment, so that an analysis can be held against the truth::

    run = simulate(Scenario(mags=3, paths=2, loss=0.05), seed=7)
    write_pcapng("run.pcapng", run.frames(Vantage.MAG, mag=0))
    run.ground_truth(at=run.ended)

The peers are written from the RFCs alone; they know nothing of the tracker and the rules.
`pmiptrace.simulation.damage` spoils captures of a run, as captures get spoiled in the field.
"""

from pmiptrace.simulation.lma import Held
from pmiptrace.simulation.network import Vantage
from pmiptrace.simulation.run import Run, simulate
from pmiptrace.simulation.scenario import Multipath, Rates, Scenario

__all__ = ["Held", "Multipath", "Rates", "Run", "Scenario", "Vantage", "simulate"]
