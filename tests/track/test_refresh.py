"""The short way of refreshes leads where the long one does, in whatever the peers do by turns."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace
from track_run import MN, Domain, Run

from pmiptrace.model import Message
from pmiptrace.testing import Sent, mag_identifier

MMB = 63
MAG_ID = 64
OTHER = "2001:db8:ffff::/64"
IPV4 = "192.0.2.7/32"


def request(domain: Domain, random: Random) -> Sent:
    """Send a PBU: mostly a registration, now and then an odd one."""
    paths = (domain.lte, domain.lte, domain.wlan, domain.far, domain.plain, domain.other)
    path = random.choice(paths)
    plain = random.random() < 0.15
    name = path.mag.identifier if plain and random.random() < 0.7 else None
    return domain.pbu(
        path,
        lifetime=random.choice((120, 120, 120, 120, 60, 0)),
        hnp=random.choice((None,) * 8 + ("::/0", OTHER)),
        ipv4=random.choice((None,) * 8 + (IPV4, "0.0.0.0/0")),
        hi=random.choice((None, None, None, 5, 5, 3, 6)),
        att=random.choice((2, 2, 2, 4)),
        link_layer=random.choice((None, None, None, b"\x00\x01\x02\x03\x04\x05")),
        multipath=False if plain else None,
        bulk=random.random() < 0.1,
        overwrite=random.random() < 0.05,
        without=random.choice(((),) * 8 + ((MAG_ID,), (22,))),
        also=() if name is None else (mag_identifier(name),),
    )


def answer(domain: Domain, random: Random, asked: Sent) -> None:
    """Answer a PBU: mostly by accepting it."""
    domain.pba(
        asked,
        status=random.choice((0,) * 9 + (1, 130, 180)),
        lifetime=random.choice((None, None, None, 40, 0)),
        hnp=random.choice((None,) * 12 + (OTHER,)),
        without=random.choice(((),) * 8 + ((MMB,), (22,))),
    )


def conversation(seed: int) -> list[Message]:
    random = Random(seed)
    domain = Domain()
    asked: list[Sent] = []
    for _ in range(60):
        deed = random.random()
        if deed < 0.6 or not asked:
            asked.append(request(domain, random))
            domain.wait(0.02)
            if random.random() < 0.85:
                answer(domain, random, asked[-1])
        elif deed < 0.7:
            answer(domain, random, random.choice(asked[-4:]))
        elif deed < 0.8:
            domain.again(random.choice(domain.sent[-4:]))
        elif deed < 0.85:
            domain.bri(domain.lte, MN)
            domain.wait(0.02)
            domain.bra(status=random.choice((0, 0, 129)))
        elif deed < 0.9:
            domain.heartbeat(domain.lte)
            domain.heartbeat_response(counter=random.choice((1, 1, 2)))
        domain.wait(random.choice((0.01, 0.2, 5, 20, 35, 70)))
    captured = [message for message in domain.messages() if random.random() < 0.95]
    return [damaged(message, random) for message in captured]


def damaged(message: Message, random: Random) -> Message:
    """Spoil the checksum of one message in thirty."""
    return replace(message, checksum_correct=False) if random.random() < 1 / 30 else message


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_conversations(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + 20):
        messages = conversation(seed)
        short = Run(messages)
        with monkeypatch.context() as patch:
            patch.setattr("pmiptrace.track.requests.refreshed", lambda *_: None)
            long = Run(messages)
        assert short.steps == long.steps, seed
        assert short.sessions == long.sessions, seed
