"""Plays for the rules of RFC 5844: IPv4 home addresses, and signalling over IPv4 and UDP."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.model import Severity
from pmiptrace.packet.checksum import internet_checksum, pseudo_header
from pmiptrace.rules.examples.acts import cut, pba, plain, put, then, unseen
from pmiptrace.rules.examples.example import example
from pmiptrace.rules.examples.rfc5213_pbu_session import missing
from pmiptrace.rules.examples.rfc8278_session import lost, wait
from pmiptrace.rules.examples.stage import Play, Stage, unknown
from pmiptrace.testing.trace import (
    home_network_prefix,
    ipv4_home_address_reply,
    ipv4_home_address_request,
    ipv4_prefix,
)
from pmiptrace.wire.messages import BindingRevocationIndication
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4DhcpSupportMode,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)

ANY = "0.0.0.0/0"
HOME = "10.0.0.2/24"
"""The first address that a trace's LMA gives."""
OTHER = ipv4_home_address_request(ipv4_prefix("10.0.0.99/24"))

MAG4 = address_octets("192.0.2.10")
LMA4 = address_octets("198.51.100.1")
UDP = 17


def answered(status: int = 0, address: str = HOME) -> Ipv4HomeAddressReply:
    """Give the option that answers the request for an IPv4 home address."""
    return ipv4_home_address_reply(ipv4_prefix(address), status=status)


def dual(**parts: Any) -> Play:
    """A mobile node asks for a prefix and an IPv4 address."""
    return plain(**{"ipv4": ANY, **parts})


def only(**parts: Any) -> Play:
    """A mobile node asks for an IPv4 address alone."""
    return plain(**{"ipv4": ANY, "without": [22], **parts})


def knowing(*acts: Play) -> Play:
    """The LMA is known to support RFC 5844 from another mobile node."""
    return then(lambda s: s.register(s.other, "mn2@example.com", ipv4=ANY), wait(5), *acts)


# ------------------------------------------------------------------------ 3.1.2.1 The request

example(
    "RFC5844-3.2.3.1-ONE",
    fires=[dual(also=[OTHER])],
    silent=[dual(), plain(), then(dual(), pba(also=[OTHER, OTHER]))],
    party="MAG",
)
example(
    "RFC5844-3.1.2.1-MULTI-173",
    fires=[then(dual(also=[OTHER]), pba())],
    silent=[
        then(dual(also=[OTHER]), pba(status=173)),
        then(dual(also=[OTHER]), pba(without=[36])),  # skips the option
        then(dual(), pba()),
        then(dual(also=[OTHER]), unseen, pba()),
    ],
    lesser=[(then(dual(also=[OTHER]), pba(status=154)), Severity.INFO)],
    party="LMA",
)
example(
    "RFC5844-3.1.2.1-158",
    fires=[
        knowing(only(), pba(status=158, without=[36])),
        then(only(), pba(status=158)),  # with option 37
        then(dual(), pba(status=158, without=[36])),
    ],
    silent=[
        then(plain(without=[22]), pba(status=158)),
        then(only(), pba()),
        knowing(only(), pba(status=130)),
        knowing(only(), unseen, pba(status=158, without=[36])),
    ],
    lesser=[(then(only(), pba(status=158, without=[36])), Severity.INFO)],
    party="LMA",
)

# -------------------------------------------------------------------------- 3.1.2.2 Refusals

example(
    "RFC5844-3.1.2.2-171",
    fires=[
        then(only(ipv4=HOME), pba(status=171, without=[36])),
        then(only(ipv4=HOME), pba(status=171)),  # option 37 has status 128
        then(only(ipv4=HOME), pba(status=171, replacing=[answered(0)])),
    ],
    silent=[
        then(only(ipv4=HOME), pba(status=171, replacing=[answered(129)])),
        then(only(ipv4=HOME), pba(status=170)),
        then(only(ipv4=HOME), pba(status=171, without=[36]), lambda s: s.cut(40)),
        then(only(ipv4=HOME), pba(status=171, without=[36], also=[unknown(37, 129)])),
    ],
    party="LMA",
)
example(
    "RFC5844-3.1.2.2-130",
    fires=[
        knowing(only(), pba(status=130, without=[36])),
        then(only(), pba(status=130, replacing=[answered(129)])),
    ],
    silent=[
        then(only(), pba(status=130)),
        knowing(plain(), pba(status=130)),
        knowing(only(), pba(status=154, without=[36])),
        knowing(only(), pba(status=130, without=[36]), lambda s: s.cut(40)),
        knowing(only(lifetime=0), pba(status=130, without=[36])),
    ],
    unclear=[
        # What lacks may be prefixes, paths, or the will to encapsulate in UDP.
        knowing(dual(), pba(status=130, without=[36])),
        knowing(only(force_udp=True), pba(status=130, without=[36])),
        knowing(only(ipv4=HOME), pba(status=130, without=[36])),
        knowing(lambda s: s.pbu(s.lte, ipv4=ANY, without=[22]), pba(status=130, without=[36])),
    ],
    lesser=[(then(only(), pba(status=130, without=[36])), Severity.INFO)],
    party="LMA",
)

# ---------------------------------------------------------------- 3.1.2.6 The acknowledgement

example(
    "RFC5844-3.1.2.6-REPLY",
    fires=[
        knowing(dual(), pba(without=[36])),
        knowing(dual(), pba(status=154, without=[36])),
        # Status 170 alone shows that the LMA knows the option.
        then(dual(), pba(status=170, without=[36])),
    ],
    silent=[
        knowing(dual(), pba()),
        knowing(dual(), pba(status=154)),
        knowing(plain(), pba()),
        knowing(dual(), pba(without=[36]), lambda s: s.cut(40)),
        knowing(dual(), unseen, pba(without=[36])),
        # Other rules tell of these.
        knowing(only(), pba(status=171, without=[36])),
        knowing(only(), pba(status=158, without=[36])),
    ],
    lesser=[(then(dual(), pba(without=[36])), Severity.INFO)],
    party="LMA",
)
example(
    "RFC5844-3.1.2.6-REPLY-REJECT",
    fires=[
        then(dual(ipv4=HOME), pba(status=154, replacing=[answered(128, ANY)])),
        then(dual(ipv4=HOME), pba(status=154, replacing=[answered(128, "10.0.0.2/32")])),
        then(dual(also=[OTHER]), pba(status=173, without=[36], also=[answered(128, HOME)])),
    ],
    silent=[
        then(dual(ipv4=HOME), pba(status=154)),
        then(dual(), pba(status=154)),
        then(dual(also=[OTHER]), pba(status=173)),
        then(dual(), pba(replacing=[answered(0, "10.0.0.7/24")])),
        then(dual(ipv4=HOME), unseen, pba(status=154, replacing=[answered(128, ANY)])),
        # The rule of status 171 tells of this.
        then(dual(ipv4=HOME), pba(status=171, replacing=[answered(0)])),
    ],
    lesser=[(then(dual(ipv4=HOME), pba(status=154, replacing=[answered(0)])), Severity.WARNING)],
    party="LMA",
)
example(
    "RFC5844-3.1.2.6-REPLY-OK",
    fires=[
        then(dual(), pba(replacing=[answered(0, ANY)])),
        then(dual(ipv4="10.0.0.99/24"), pba(replacing=[answered(0, HOME)])),
    ],
    silent=[
        then(dual(), pba()),
        then(dual(ipv4="10.0.0.99/24"), pba(replacing=[answered(0, "10.0.0.99/24")])),
        then(dual(), pba(replacing=[answered(128, ANY)])),
        then(dual(), pba(status=130, replacing=[answered(0, ANY)])),
        then(dual(), pba(), wait(5), plain(lifetime=0), pba(replacing=[answered(0, ANY)])),
    ],
    party="LMA",
)
example(
    "RFC5844-3.1.2.6-STATUS",
    fires=[
        then(dual(), pba(replacing=[answered(128)])),
        then(dual(), pba(replacing=[answered(1)])),
    ],
    silent=[then(dual(), pba()), then(dual(), pba(status=130)), then(plain(), pba())],
    party="LMA",
)
ROUTER = Ipv4DefaultRouterAddress(address=bytes((10, 0, 0, 1)))

example(
    "RFC5844-3.1.2.6-DEFROUTER",
    fires=[
        then(dual(), pba(without=[38])),
        then(dual(), pba(status=130, also=[ROUTER])),
        then(plain(), pba(status=130, also=[ROUTER])),
    ],
    silent=[
        then(dual(), pba()),
        then(dual(), pba(status=130)),
        then(plain(), pba()),
        # IPv4 was refused: there is nothing to route.
        then(dual(), pba(without=[38], replacing=[answered(128)])),
        then(dual(), pba(without=[38]), lambda s: s.cut(64)),
        then(dual(), pba(status=2, without=[38])),
    ],
    lesser=[
        (then(dual(), pba(status=2)), Severity.INFO),
        (then(dual(), pba(), wait(5), plain(lifetime=0), pba(without=[38])), Severity.INFO),
    ],
    party="LMA",
)
PREFIX = [home_network_prefix("2001:db8:1::/64")]

example(
    "RFC5844-3.1.2.6-NO-HNP",
    fires=[
        then(only(), pba(also=PREFIX)),
        then(only(), pba(status=130, also=[home_network_prefix("::/0")])),
    ],
    silent=[
        then(only(), pba()),
        then(dual(), pba()),
        then(only(), pba(without=[36], also=PREFIX)),  # skips option 36
        then(only(), lambda s: s.cut(44), pba(also=PREFIX)),
        then(only(), unseen, pba(also=PREFIX)),
    ],
    party="LMA",
)

# --------------------------------------------------------------------------- 3.3 The options


def asking(**parts: Any) -> Play:
    """Send a PBU with another IPv4 Home Address Request option."""
    return plain(also=[Ipv4HomeAddressRequest(**parts)])


example(
    "RFC5844-3.3.1-RESERVED",
    fires=[
        asking(reserved=0x200),
        asking(reserved=1),
        lambda s: s.send(
            s.lma,
            s.plain.address,
            BindingRevocationIndication(trigger=1, sequence=1, proxy=True),
            Ipv4HomeAddressRequest(reserved=1),
        ),
    ],
    silent=[
        asking(prefix_length=63),
        then(asking(), pba(without=[36], also=[Ipv4HomeAddressRequest()])),
    ],
)
example(
    "RFC5844-3.3.2-RESERVED",
    fires=[then(dual(), pba(replacing=[Ipv4HomeAddressReply(reserved=1)]))],
    silent=[then(dual(), pba(replacing=[Ipv4HomeAddressReply(prefix_length=63)]))],
    unclear=[then(dual(), unseen, pba(replacing=[Ipv4HomeAddressReply(reserved=1)]))],
    party="LMA",
)
example(
    "RFC5844-3.3.3-RESERVED",
    fires=[
        then(
            dual(),
            pba(replacing=[Ipv4DefaultRouterAddress(reserved=1, address=bytes((10, 0, 0, 1)))]),
        )
    ],
    silent=[then(dual(), pba())],
    party="LMA",
)
example(
    "RFC5844-3.3.4-RESERVED",
    fires=[then(dual(), pba(also=[Ipv4DhcpSupportMode(reserved=0x4000)]))],
    silent=[then(dual(), pba(also=[Ipv4DhcpSupportMode(server=True)]))],
    party="LMA",
)
example(
    "RFC5844-3.3-CTX",
    fires=[
        plain(also=[answered()]),
        plain(also=[ROUTER]),
        plain(also=[Ipv4DhcpSupportMode()]),
        then(dual(), pba(also=[OTHER])),
    ],
    silent=[
        dual(),
        then(dual(), pba(also=[Ipv4DhcpSupportMode()])),
        lambda s: s.send(
            s.lma,
            s.plain.address,
            BindingRevocationIndication(trigger=1, sequence=1, proxy=True),
            OTHER,
        ),
    ],
)

# -------------------------------------------------------------- 3.2.3.2 After the acknowledgement


def refused(status: int, **parts: Any) -> Play:
    """The LMA rejects the PBU for both families, not the MAG's first one; 5 s go by."""
    before = then(lambda s: s.register(s.plain, "mn0@example.com"), wait(1))
    return then(before, dual(**parts), pba(status=status), wait(5))


def unseen_before(*acts: Play) -> Play:
    """The capture begins behind the acts before."""

    def play(s: Stage) -> None:
        *before, last = acts
        for act in before:
            act(s)
        s.unseen.update(range(len(s.frames)))
        last(s)

    return play


example(
    "RFC5844-3.2.3.2-170",
    fires=[then(refused(170), dual()), then(refused(170), only(ipv4=HOME))],
    silent=[
        then(refused(170), plain()),
        then(refused(130), dual()),
        then(refused(170), dual(lifetime=0)),
        then(dual(), pba(status=170), wait(0.3), dual()),  # sent before the answer came
        then(dual(), pba(status=170), wait(2), dual()),  # the answer was lost
        then(refused(170), lambda s: s.pbu(s.plain, "mn2@example.com", ipv4=ANY)),
        then(refused(170), lambda s: s.pbu(s.other, ipv4=ANY, hi=3)),
        unseen_before(refused(170), dual()),
    ],
    unclear=[
        then(refused(170), missing(), dual()),
        then(refused(170), wait(100), dual()),  # somebody may have changed the profile
    ],
    party="MAG",
)

example(
    "RFC5844-3.2.3.2-171",
    fires=[then(refused(171, ipv4=HOME), dual(ipv4=HOME))],
    silent=[
        then(refused(171, ipv4=HOME), dual()),
        then(refused(171, ipv4=HOME), dual(ipv4="10.0.0.7/24")),
        then(refused(171), dual()),
        then(refused(130, ipv4=HOME), dual(ipv4=HOME)),
        then(dual(ipv4=HOME), pba(status=171), wait(2), dual(ipv4=HOME)),  # the answer was lost
        then(refused(171, ipv4=HOME), lambda s: s.pbu(s.other, ipv4=HOME, hi=3)),
        unseen_before(refused(171, ipv4=HOME), dual(ipv4=HOME)),
    ],
    unclear=[
        then(refused(171, ipv4=HOME), missing(), dual(ipv4=HOME)),
        then(refused(171, ipv4=HOME), wait(100), dual(ipv4=HOME)),
    ],
    party="MAG",
)
example(
    "RFC5844-3.2.3.2-172",
    fires=[then(refused(172), dual()), then(refused(172), plain())],
    silent=[
        then(refused(172), only()),
        then(refused(170), plain()),
        then(dual(), pba(status=172), wait(0.3), plain()),
        then(dual(), pba(status=172), wait(2), dual()),
        then(refused(172), plain(lifetime=0)),
        unseen_before(refused(172), dual()),
    ],
    unclear=[then(refused(172), missing(), dual()), then(refused(172), wait(100), dual())],
    party="MAG",
)

# ---------------------------------------------------- 3.2.3.3 Re-registration, de-registration


def granted(*acts: Play) -> Play:
    """The mobile node has a prefix and an IPv4 address; 10 s go by."""
    return then(dual(), pba(), wait(10), *acts)


example(
    "RFC5844-3.2.3.3-REREG-ADDR",
    fires=[
        granted(plain(without=[36])),
        granted(plain(ipv4="10.0.0.9/24")),
        granted(plain(ipv4=ANY)),
        then(only(), pba(), wait(10), plain(without=[22, 36], lifetime=0)),
        # Of two prefixes one is given back: that is none of the selective de-registrations.
        then(
            dual(),
            pba(hnp=("2001:db8:100::/64", "2001:db8:101::/64")),
            wait(10),
            plain(without=[36], lifetime=0, hnp="2001:db8:100::/64"),
        ),
    ],
    silent=[
        granted(plain()),
        granted(plain(lifetime=0)),
        granted(plain(lifetime=0, without=[36])),  # the prefix alone
        granted(plain(lifetime=0, without=[22])),  # the address alone
        granted(plain(lifetime=0, without=[22]), pba(), wait(5), plain(without=[36])),
        granted(plain(hi=1, ipv4=ANY)),  # attached anew
        granted(lambda s: s.pbu(s.other, hi=3, without=[36])),  # a handover
        granted(plain(without=[36]), lambda s: s.cut(60)),
        granted(plain(without=[36], also=[unknown(36, 0)])),
        # The LMA refused the address, or does not know the option.
        then(dual(ipv4=HOME), pba(replacing=[answered(128)]), wait(10), plain(without=[36])),
        then(dual(ipv4=HOME), pba(without=[36]), wait(10), plain(without=[36])),
        then(dual(), pba(status=130), wait(10), plain(without=[36])),
        # It may have left before the answer came.
        then(dual(), pba(), wait(0.2), plain(without=[36])),
        # Told once: the LMA took the refresh without the address.
        unseen_before(granted(), plain(without=[36])),
    ],
    unclear=[granted(missing(), plain(without=[36]))],
    party="MAG",
)
example(
    "RFC5844-3.2.3.3-HNP-ADDED",
    fires=[
        then(only(), pba(), wait(10), plain(hnp="::/0", hi=5)),
        # Told once, though the LMA took it and the MAG goes on.
        then(
            only(),
            pba(),
            wait(10),
            plain(hnp="2001:db8:1::/64", hi=5),
            pba(),
            wait(10),
            plain(hnp="2001:db8:1::/64", hi=5),
        ),
    ],
    silent=[
        then(only(), pba(), wait(10), plain(without=[22])),
        granted(plain()),
        then(only(), pba(), wait(10), plain(hnp="::/0", hi=1)),  # attached anew
        then(only(), pba(), wait(10), lambda s: s.pbu(s.other, hi=3)),  # a handover
        then(only(), pba(status=130), wait(10), plain()),
        then(
            only(),
            pba(),
            wait(10),
            plain(lifetime=0, without=[22]),
            pba(),
            wait(20),
            plain(hi=1),
        ),
        unseen_before(only(), pba(), wait(10), plain(hnp="::/0", hi=5)),
    ],
    unclear=[then(only(), pba(), missing(), wait(10), plain(hnp="::/0", hi=5))],
    party="MAG",
)

# ------------------------------------------------------------------- 4 Signalling over IPv4


def pbu4(address: str = "192.0.2.10", **parts: Any) -> Play:
    """A PBU from an IPv4 address to that of the LMA, in UDP."""

    def play(s: Stage) -> None:
        if s.four is None:
            s.four = s.mag(None, sequence=300).path(address)
        s.pbu(s.four, lma="198.51.100.1", **parts)

    return play


def checksummed(value: int) -> Play:
    """Have the last message carry that UDP checksum."""
    return lambda s: s.udp_checksum(value)


def offloaded(s: Stage) -> None:
    """Have the network card be yet to complete the UDP checksum of the last PBU."""
    length = len(s.frames[-1].data) - 20
    s.udp_checksum(internet_checksum(pseudo_header(MAG4, LMA4, length, UDP)) ^ 0xFFFF)


def elsewhere(s: Stage) -> None:
    """The last message was captured at another place."""
    s.frames[-1] = replace(s.frames[-1], capture=1)


example(
    "RFC5844-4.2.2.1-CKSUM-ZERO",
    fires=[then(pbu4(), put(4, 0x8D, 0x36))],
    silent=[pbu4(), plain(), then(pbu4(), pba(), put(4, 0x1F, 0x20))],
    party="MAG",
)
example(
    "RFC5844-4.1.3.2-CKSUM-ZERO",
    fires=[then(pbu4(), pba(), put(4, 0x1F, 0x20))],
    silent=[then(pbu4(), pba()), then(plain(), pba()), then(pbu4(), put(4, 0x8D, 0x36), pba())],
    party="LMA",
)
example(
    "RFC5844-4-UDP-CKSUM",
    fires=[
        then(pbu4(), checksummed(0)),
        then(pbu4(), checksummed(0x1234)),
        then(pbu4(), pba(), checksummed(0)),
    ],
    silent=[
        pbu4(),
        then(pbu4(), checksummed(0x1234), cut(20)),
        then(pbu4(), offloaded),
        pbu4(),
        plain(),
    ],
)
example(
    "RFC5844-4.2.2.1-DPORT",
    fires=[pbu4(ports=(5436, 5437))],
    silent=[pbu4(), pbu4(ports=(49152, 5436)), plain()],
    unclear=[then(pbu4(ports=(5436, 53)), put(0, 0))],
    party="MAG",
)


def answer4(ports: tuple[int, int] = (5436, 5436), **parts: Any) -> Play:
    """A PBA over UDP between ports of its own."""

    def play(s: Stage) -> None:
        s.wait(0.02)
        sent = s.pba(**parts)
        s.sent[-1] = replace(sent, ports=ports)
        s.spoil(lambda payload: None)

    return play


example(
    "RFC5844-4.1.3.2-PORTS",
    fires=[
        then(pbu4(ports=(49152, 5436)), answer4((5436, 5436))),
        then(pbu4(), answer4((5437, 5436))),
    ],
    silent=[
        then(pbu4(ports=(49152, 5436)), pba()),
        then(pbu4(), pba()),
        then(pbu4(ports=(5436, 5437)), pba()),  # the MAG asked there
        then(plain(), pba()),
        then(pbu4(ports=(49152, 5436)), unseen, answer4((5436, 5436))),
    ],
    unclear=[
        then(pbu4(ports=(49152, 5436)), answer4((5436, 5436), destination="192.0.2.77")),
        then(pbu4(ports=(49152, 5436)), answer4((5436, 5436)), elsewhere),
    ],
    party="LMA",
)
example(
    "RFC5844-4.1.3.2-SRC",
    fires=[then(pbu4(), pba(source="198.51.100.2"))],
    silent=[
        then(pbu4(), pba()),
        then(plain(), pba(source="2001:db8:f::2")),
        then(pbu4(), unseen, pba(source="198.51.100.2")),
    ],
    unclear=[
        then(pbu4(without=[27]), pba(source="198.51.100.2")),
        then(pbu4(), pba(source="198.51.100.2"), elsewhere),
    ],
    party="LMA",
)


def forced(status: int = 128, **parts: Any) -> Play:
    """A PBU with F=1 is rejected; a second goes by."""
    return then(pbu4(force_udp=True, **parts), pba(status=status), wait(1))


example(
    "RFC5844-4.1.3.1-F",
    fires=[then(forced(), pbu4(), pba()), then(forced(130), pbu4(), pba())],
    silent=[
        forced(),
        then(forced(), pbu4(), pba(status=128)),
        then(forced(129), pbu4(), pba()),
        then(forced(154), pbu4(), pba()),
        then(pbu4(force_udp=True), pba(), wait(5), pbu4(), pba()),
        then(plain(force_udp=True), pba(status=128)),
        then(pbu4(), pba(status=128), wait(1), pbu4(), pba()),
        unseen_before(forced(), then(pbu4(), pba())),
    ],
    unclear=[
        then(forced(), lost(pbu4("192.0.2.10")), wait(0.1), pbu4(), pba()),
        then(forced(), wait(60), pbu4(), pba()),
        then(forced(), pbu4(hnp="2001:db8:1::/64"), pba()),
    ],
    party="LMA",
)
