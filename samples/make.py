"""Write the sample captures and their index: ``python samples/make.py``.

Each sample is a function that plays a call flow; what it shows stands above it. The same octets
come out of every run: the only chance in here is a random generator with a fixed seed. ``--check``
writes nothing, and fails if a file is out of date.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path as FilePath
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.analysis import Analysis
from pmiptrace.capture.writer import write_pcap, write_pcapng
from pmiptrace.model import SECOND, Frame, Option, Report, Severity, Status
from pmiptrace.packet import build
from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.packet.numbers import LINK_ETHERNET, LINK_RAW, UDP
from pmiptrace.testing import START, Path, Sent, Trace, mag_identifier
from pmiptrace.wire.messages import Heartbeat
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5847 import RestartCounter

FOLDER = FilePath(__file__).parent

WLAN = 4
LTE = 8
"""Access technologies (RFC 5213 section 8.5), which RFC 8278 uses for If-ATT too."""
TCP = 6
MULTIPATH = 63
"""Number of the MAG Multipath Binding option."""
ROUND_TRIP = {WLAN: (0.007, 0.016), LTE: (0.032, 0.055)}
"""Seconds between a request and its answer as a MAG sees them, at least and at most."""

BEGIN_INDEX = "<!-- index -->\n"
END_INDEX = "<!-- end of index -->\n"


class Sample(Struct, frozen=True):
    """A sample: its file, what it shows, and the frames in it."""

    name: str
    shows: str
    link: str
    play: Callable[[], list[Frame]]
    nanoseconds: bool

    def octets(self) -> bytes:
        """Give the content of the file, compressed if its name says so."""
        stream = BytesIO()
        frames = self.play()
        if ".pcapng" in self.name:
            write_pcapng(stream, frames)
        else:
            write_pcap(stream, frames, nanoseconds=self.nanoseconds)
        content = stream.getvalue()
        return gzip.compress(content, mtime=0) if self.name.endswith(".gz") else content


SAMPLES: list[Sample] = []


def sample(
    name: str, shows: str, *, nanoseconds: bool = True, link: str = "Ethernet"
) -> Callable[[Callable[[], list[Frame]]], Callable[[], list[Frame]]]:
    """Declare the function below as the one that plays the sample of that name."""

    def register(play: Callable[[], list[Frame]]) -> Callable[[], list[Frame]]:
        SAMPLES.append(Sample(name, shows, link, play, nanoseconds))
        return play

    return register


class Run(Trace):
    """A trace captured at the MAG, whose answers take as long as the path that they come over."""

    def __init__(self, *, seed: int = 8278, **parts: Any) -> None:
        super().__init__(**parts)
        self.random = Random(seed)

    def answer(self, request: Sent, **parts: Any) -> Sent:
        """Send the acknowledgement of a request after a round trip of its path."""
        assert request.path is not None
        self.wait(self.random.uniform(*ROUND_TRIP[request.path.if_att]))
        return self.pba(request, **parts)

    def register(self, path: Path, mn: str = "mn1@example.com", **parts: Any) -> Sent:
        """Send a PBU and its acceptance; give the PBU."""
        request = self.pbu(path, mn, **parts)
        self.answer(request)
        return request

    def two_paths(self, **parts: Any) -> tuple[Path, Path]:
        """Give the LTE and the WLAN path of a MAG."""
        mag = self.mag("mag1@example.com", **parts)
        return (
            mag.path("2001:db8:a::1", bid=1, if_att=LTE, if_label=11),
            mag.path("2001:db8:b::1", bid=2, if_att=WLAN, if_label=9),
        )

    def ethernet(self, *other_addresses: str) -> list[Frame]:
        """Give what was sent, as seen on an Ethernet link between the MAG and the LMA.

        The LMA may have other addresses than `lma`.
        """
        of_lma = {self.lma, *map(address_octets, other_addresses)}
        return [
            on_ethernet(frame, downstream=sent.source in of_lma)
            for frame, sent in zip(self.frames, self.sent, strict=True)
        ]


def on_ethernet(frame: Frame, *, downstream: bool, interface: int = 0) -> Frame:
    """Give a raw IP frame with an Ethernet header, from the LMA's side if `downstream`."""
    near, far = build.MAC_MAG, build.MAC_LMA
    source, destination = (far, near) if downstream else (near, far)
    data = build.ethernet(frame.data, source=source, destination=destination)
    return replace(
        frame,
        link_type=LINK_ETHERNET,
        data=data,
        original_length=len(data),
        interface=interface,
    )


# ------------------------------------------------------------------ RFC 8278 as it is meant


@sample(
    "call-flow.pcap",
    "The call flow of RFC 8278 section 3.1: LTE first, then WLAN, with one home network prefix",
    nanoseconds=False,
)
def call_flow() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths()
    run.register(lte)
    run.wait(1.8)
    run.register(wlan)
    return run.ethernet()


@sample(
    "bulk-refresh.pcap",
    "One PBU with the B flag on the WLAN path renews the lifetimes of both paths, twice",
)
def bulk_refresh() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths()
    run.register(lte, lifetime=300)
    run.wait(1.8)
    run.register(wlan, lifetime=300)
    for _ in range(2):
        run.wait(240)
        run.register(wlan, lifetime=300, bulk=True)
    return run.ethernet()


@sample(
    "overwrite.pcap",
    "A PBU with the O flag on a new WLAN path replaces the binding of the LTE path",
    nanoseconds=False,
)
def overwrite() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths()
    run.register(lte, lifetime=300)
    run.wait(60)
    run.register(wlan, lifetime=300, overwrite=True)
    run.wait(240)
    run.register(wlan, lifetime=300)
    return run.ethernet()


@sample(
    "path-deregistration.pcapng",
    "The MAG gives up its LTE path and keeps the session over WLAN; it captured on both",
    link="Ethernet and raw IP, two interfaces",
)
def path_deregistration() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths()
    run.register(lte, lifetime=300)
    run.wait(1.8)
    run.register(wlan, lifetime=300)
    run.wait(45)
    run.deregister(lte)
    run.wait(190)
    run.register(wlan, lifetime=300)
    return [
        on_ethernet(frame, downstream=sent.source == run.lma, interface=1)
        if sent.path is wlan
        else frame
        for frame, sent in zip(run.frames, run.sent, strict=True)
    ]


@sample(
    "legacy-lma.pcap",
    "An LMA from before RFC 8278 accepts the PBU without the option; the MAG goes on with one path",
    nanoseconds=False,
)
def legacy_lma() -> list[Frame]:
    run = Run()
    lte, _ = run.two_paths()
    request = run.pbu(lte, lifetime=300)
    run.answer(request, without=(MULTIPATH,))
    run.wait(240)
    run.register(lte, lifetime=300, multipath=False)
    return run.ethernet()


@sample(
    "multipath-denied.pcap",
    "The LMA refuses multipath to the mobile node with status 180; the MAG registers without it",
)
def multipath_denied() -> list[Frame]:
    run = Run()
    lte, _ = run.two_paths()
    request = run.pbu(lte, lifetime=300)
    run.answer(request, status=180)
    run.wait(0.4)
    run.register(lte, lifetime=300, multipath=False)
    run.wait(240)
    run.register(lte, lifetime=300, multipath=False)
    return run.ethernet()


# ------------------------------------------------------------------------------- violations


@sample(
    "bulk-and-overwrite.pcap",
    "A MAG sets the B and the O flag in one PBU",
    nanoseconds=False,
)
def bulk_and_overwrite() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths()
    run.register(lte, lifetime=300)
    run.wait(1.8)
    run.register(wlan, lifetime=300)
    run.wait(180)
    run.register(wlan, lifetime=300, bulk=True, overwrite=True)
    run.wait(150)
    run.register(wlan, lifetime=300)
    return run.ethernet()


@sample(
    "mag-identifier-in-pba.pcap",
    "An LMA echoes the MAG Identifier option in its PBAs",
)
def mag_identifier_in_pba() -> list[Frame]:
    run = Run()
    for path in run.two_paths():
        request = run.pbu(path)
        run.answer(request, also=[mag_identifier("mag1@example.com")])
        run.wait(1.8)
    return run.ethernet()


@sample(
    "reserved-bid.pcap",
    "A MAG uses the reserved BIDs 0 and 255",
    nanoseconds=False,
)
def reserved_bid() -> list[Frame]:
    run = Run()
    mag = run.mag("mag1@example.com")
    run.register(mag.path("2001:db8:a::1", bid=0, if_att=LTE, if_label=11))
    run.wait(1.8)
    run.register(mag.path("2001:db8:b::1", bid=255, if_att=WLAN, if_label=9))
    return run.ethernet()


# ------------------------------------------------------------------------- other situations


@sample(
    "ipv4-transport.pcap",
    "Two paths through IPv4 networks, over UDP port 5436, for a dual-stack mobile node (RFC 5844)",
)
def ipv4_transport() -> list[Frame]:
    run = Run(lma="203.0.113.1")
    mag = run.mag("mag1@example.com")
    lte = mag.path("198.51.100.10", bid=1, if_att=LTE, if_label=11)
    wlan = mag.path("192.0.2.10", bid=2, if_att=WLAN, if_label=9)
    home = address_octets("10.20.30.40")
    granted: tuple[Option, ...] = (
        Ipv4HomeAddressReply(prefix_length=24, home_address=home),
        Ipv4DefaultRouterAddress(address=address_octets("10.20.30.1")),
    )

    def register(path: Path, request: Ipv4HomeAddressRequest, **parts: Any) -> None:
        sent = run.pbu(path, lifetime=300, also=[request], **parts)
        run.answer(sent, without=(request.number,), also=granted)

    register(lte, Ipv4HomeAddressRequest())
    run.wait(1.8)
    known = Ipv4HomeAddressRequest(prefix_length=24, home_address=home)
    register(wlan, known)
    run.wait(240)
    register(lte, known, bulk=True)
    return run.ethernet()


@sample(
    "two-families.pcap",
    "LTE through an IPv6 and WLAN through an IPv4 network: one LMA with an address of each family",
)
def two_families() -> list[Frame]:
    run = Run()
    ipv4, prefix = "203.0.113.1", "2001:db8:100::/64"
    mag = run.mag("mag1@example.com")
    lte = mag.path("2001:db8:a::1", bid=1, if_att=LTE, if_label=11)
    wlan = mag.path("192.0.2.10", bid=2, if_att=WLAN, if_label=9)
    run.register(lte, lifetime=300)
    run.wait(1.8)
    run.answer(run.pbu(wlan, lma=ipv4, lifetime=300, hnp=prefix), hnp=prefix)
    run.wait(240)
    run.register(lte, lifetime=300, bulk=True)
    run.wait(240)
    run.answer(run.pbu(wlan, lma=ipv4, lifetime=0, hnp=prefix), hnp=prefix)
    return run.ethernet(ipv4)


@sample(
    "mid-session.pcap",
    "A capture that begins when both paths are long registered: a bulk refresh, then the end "
    "of both",
    nanoseconds=False,
)
def mid_session() -> list[Frame]:
    run = Run()
    lte, wlan = run.two_paths(sequence=4000)
    run.register(lte, lifetime=300)
    run.wait(1.8)
    run.register(wlan, lifetime=300)
    run.wait(120)
    begin = run.now
    run.wait(60)
    run.register(wlan, lifetime=300, bulk=True)
    run.wait(90)
    run.deregister(lte)
    run.wait(0.2)
    run.deregister(wlan)
    return [frame for frame in run.ethernet() if frame.time is not None and frame.time >= begin]


@sample(
    "handover.pcap",
    "A mobile node moves between two MAGs of RFC 5213 and back; the second time the old MAG "
    "is late",
)
def handover() -> list[Frame]:
    run = Run()
    card = bytes.fromhex("020000001234")
    here = run.mag(None, sequence=700).path("2001:db8:a::1", if_att=WLAN)
    there = run.mag(None, sequence=90).path("2001:db8:b::1", if_att=WLAN)
    attached: dict[str, Any] = {"lifetime": 300, "att": WLAN, "link_layer": card}
    left: dict[str, Any] = {"lifetime": 0, "att": WLAN, "link_layer": card}
    run.register(here, **attached)
    run.wait(75)
    run.register(here, **left)
    run.wait(0.06)
    run.register(there, hi=3, hnp="::/0", **attached)
    run.wait(130)
    run.register(here, hi=3, hnp="::/0", **attached)
    run.wait(0.9)
    run.pbu(there, **left)  # comes from a MAG that has no binding: ignored (RFC 5213 5.3.5)
    run.wait(230)
    run.register(here, **attached)
    return run.ethernet()


# -------------------------------------------------------------------------------- a busy LMA


class Schedule:
    """What is to happen when, for a run in which much goes on at once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._order = count()
        self._due: list[tuple[int, int, partial[object]]] = []

    def after(self, seconds: float, action: Callable[..., object], *arguments: object) -> None:
        """Let something happen that long after the present moment."""
        when = self.run.now + round(seconds * SECOND)
        heapq.heappush(self._due, (when, next(self._order), partial(action, *arguments)))

    def play(self, seconds: float) -> None:
        """Let everything happen that is due within that time from the start of the run."""
        end = START + round(seconds * SECOND)
        while self._due and self._due[0][0] <= end:
            self.run.now, _, action = heapq.heappop(self._due)
            action()


class Site:
    """A MAG with two WAN interfaces. Site 4 has a fault: it sets B and O together."""

    def __init__(self, run: Run, number: int) -> None:
        self.mag = run.mag(f"mag{number}@example.com", sequence=run.random.randrange(65536))
        self.lte = self.mag.path(f"2001:db8:a:{number}::1", bid=1, if_att=LTE, if_label=11)
        self.wlan = self.mag.path(f"2001:db8:b:{number}::1", bid=2, if_att=WLAN, if_label=9)
        self.is_faulty = number == 4


class Visit:
    """A mobile node's stay at a site: it comes, is refreshed, and goes."""

    LIFETIME = 240
    REFRESH = 200

    def __init__(self, schedule: Schedule, site: Site, mn: str) -> None:
        self.schedule = schedule
        self.random = schedule.run.random
        self.site = site
        self.mn = mn
        self.paths: tuple[Path, ...] = (site.lte, site.wlan)
        self.is_over = False

    def begin(self) -> None:
        """Register over LTE and a little later over WLAN."""
        self.exchange(self.site.lte, self.LIFETIME)
        self.schedule.after(
            self.random.uniform(1.5, 4), self.exchange, self.site.wlan, self.LIFETIME
        )
        self.schedule.after(self.REFRESH, self.refresh)
        # The end keeps away from the refreshes: nothing is outstanding then.
        stay = self.REFRESH * self.random.randrange(4) + self.random.uniform(10, 190)
        self.schedule.after(stay, self.end)

    def refresh(self) -> None:
        """Renew both paths with one PBU; with the fault, that replaces the other one."""
        if self.is_over:
            return
        if self.site.is_faulty:
            self.paths = (self.site.wlan,)
        self.exchange(self.site.wlan, self.LIFETIME, bulk=True, overwrite=self.site.is_faulty)
        self.schedule.after(self.REFRESH, self.refresh)

    def end(self) -> None:
        """Give up the paths, one after the other."""
        self.is_over = True
        for position, path in enumerate(self.paths):
            self.schedule.after(1.2 * position, self.exchange, path, 0)

    def exchange(self, path: Path, lifetime: int, **parts: Any) -> None:
        """Send a PBU and its PBA. The LMA drops one PBU in a hundred, and gets it once more."""

        def send() -> Sent:
            on_the_way = self.random.uniform(*ROUND_TRIP[path.if_att]) / 2
            run = self.schedule.run
            sent_at = run.now - round(on_the_way * SECOND)
            return run.pbu(path, self.mn, lifetime=lifetime, timestamp=sent_at, **parts)

        def answer(request: Sent) -> None:
            self.schedule.after(self.random.uniform(0.001, 0.006), self.schedule.run.pba, request)

        request = send()
        if self.random.random() < 0.01:
            self.schedule.after(1, lambda: answer(send()))
        else:
            answer(request)


def heartbeat(schedule: Schedule, site: Site, sequence: int) -> None:
    """Let a MAG ask every minute whether the LMA is there, and the LMA answer (RFC 5847)."""
    run = schedule.run
    run.send(site.lte.address, run.lma, Heartbeat(sequence=sequence))
    response = Heartbeat(sequence=sequence, response=True)
    schedule.after(
        run.random.uniform(0.001, 0.004),
        run.send,
        run.lma,
        site.lte.address,
        response,
        RestartCounter(restart_counter=7),
    )
    schedule.after(60, heartbeat, schedule, site, sequence + 1)


def user_traffic(random: Random, sites: list[Site], lma: bytes, number: int) -> Iterator[Frame]:
    """Give small frames of TCP and UDP: through the tunnels, and past them."""
    for _ in range(number):
        site = random.choice(sites)
        mn = address_octets(f"2001:db8:{random.randrange(0x100, 0x200):x}::1")
        server = address_octets(f"2001:db8:ffff::{random.randrange(1, 50):x}")
        port = random.randrange(50000, 60000)
        downstream = random.random() < 0.6
        ends = (server, mn) if downstream else (mn, server)
        ports = (443, port) if downstream else (port, 443)
        if random.random() < 0.5:
            packet = build.ipv6(*ends, UDP, build.udp(*ends, bytes(24), ports=ports))
        else:
            packet = build.ipv6(*ends, TCP, tcp_acknowledgement(*ends, ports, random))
        if random.random() < 0.8:
            path = random.choice((site.lte, site.wlan))
            outer = (lma, path.address) if downstream else (path.address, lma)
            packet = build.tunnel(*outer, packet)
        time = START + random.randrange(600 * SECOND)
        yield on_ethernet(Frame(0, 0, time, LINK_RAW, packet, len(packet)), downstream=downstream)


def tcp_acknowledgement(
    source: bytes, destination: bytes, ports: tuple[int, int], random: Random
) -> bytes:
    """Build a TCP segment without data."""
    start = ports[0].to_bytes(2) + ports[1].to_bytes(2) + random.randbytes(8) + b"\x50\x10\x20\0"
    covered = pseudo_header(source, destination, 20, TCP) + start + bytes(4)
    return start + internet_checksum(covered).to_bytes(2) + bytes(2)


@sample(
    "busy.pcap.gz",
    "Ten minutes at an LMA: 320 mobile nodes at six MAGs among user traffic, a few PBUs dropped, "
    "and one MAG that sets B and O in every refresh",
)
def busy() -> list[Frame]:
    run = Run()
    schedule = Schedule(run)
    sites = [Site(run, number) for number in range(1, 7)]
    for number in range(320):
        visit = Visit(schedule, run.random.choice(sites), f"user{number:03}@example.com")
        schedule.after(run.random.uniform(0, 240), visit.begin)
    for site in sites:
        schedule.after(run.random.uniform(0, 60), heartbeat, schedule, site, 1)
    schedule.play(600)
    frames = [*run.ethernet(), *user_traffic(run.random, sites, run.lma, 4000)]
    return sorted(frames, key=lambda frame: frame.time or 0)


# -------------------------------------------------------------------------------- the index


def index_line(name: str, shows: str, link: str, report: Report) -> str:
    """Give the line of the index for a sample: what it shows, and what analyze says of it."""
    return f"| [`{name}`]({name}) | {shows} | {link} | {report.messages} | {verdict(report)} |"


def verdict(report: Report) -> str:
    """Say what was found: the violations of each rule with their number, then the rest."""
    rules = {
        status: Counter(f.rule for f in report.findings if f.status is status) for status in Status
    }
    severity = {f.rule: f.severity for f in report.findings if f.status is Status.FAIL}
    worst_first = sorted(
        rules[Status.FAIL].items(), key=lambda item: (severity[item[0]].rank, item[0])
    )
    parts = [f"{severity[rule]}: {number}x `{rule}`" for rule, number in worst_first]
    if not any(grade in severity.values() for grade in (Severity.ERROR, Severity.WARNING)):
        parts.insert(0, "conforms")
    for status in (Status.INCONCLUSIVE, Status.NOTE):
        parts.extend(
            f"{status}: {number}x `{rule}`" for rule, number in sorted(rules[status].items())
        )
    return "; ".join(parts)


def index(current: str) -> str:
    """Give the README of the folder with its table made anew from the captures beside it."""
    lines = [
        "| Capture | Shows | Link layer | Messages | `pmiptrace analyze` says |",
        "|---|---|---|---|---|",
    ]
    for entry in SAMPLES:
        report = Analysis([str(FOLDER / entry.name)]).report()
        lines.append(index_line(entry.name, entry.shows, entry.link, report))
    head, _, rest = current.partition(BEGIN_INDEX)
    _, _, tail = rest.partition(END_INDEX)
    return f"{head}{BEGIN_INDEX}{chr(10).join(lines)}\n{END_INDEX}{tail}"


def is_current(path: FilePath, content: bytes) -> bool:
    """Tell whether a file holds that; of compressed ones what is inside counts."""
    if not path.exists():
        return False
    present = path.read_bytes()
    if path.suffix == ".gz":
        # Different builds of zlib compress differently.
        return gzip.decompress(present) == gzip.decompress(content)
    return present == content


def main() -> int:
    """Write what is out of date, or with ``--check`` only name it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if out of date")
    check = parser.parse_args().check
    outdated = []
    for entry in SAMPLES:
        content = entry.octets()
        if not is_current(FOLDER / entry.name, content):
            outdated.append(entry.name)
            if not check:
                (FOLDER / entry.name).write_bytes(content)
    readme = FOLDER / "README.md"
    current = readme.read_text("utf-8")
    if (text := index(current)) != current:
        outdated.append(readme.name)
        if not check:
            readme.write_text(text, "utf-8")
    for name in outdated:
        print(f"samples/{name}: {'out of date' if check else 'written'}")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
