"""Wrong checksums, held per sending host until it is known whether they were wrong on the wire.

A capture taken on the sending host itself shows checksums before the network card has put them
right (checksum offload). A host is not to be accused of that. What its messages tell:

- One with a right checksum: the host computes them itself. The wrong ones were wrong.
- An answer to one with a wrong checksum: it was right when it arrived, as a node discards a message
  with a wrong one (RFC 6275 section 9.2). If none of the host's was right until the end, one remark
  on offload takes the place of all that is held.
- Neither until the end: they were wrong, for all that is known.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from msgspec.structs import replace

from pmiptrace.model import ExchangeKind, Finding, Message, Step
from pmiptrace.rules import look
from pmiptrace.rules.finding import MAX_EVIDENCE, finding_of, merged
from pmiptrace.rules.rule import OFFLOAD
from pmiptrace.rules.ruleset import Ruleset
from pmiptrace.rules.tally import Tally
from pmiptrace.track.bounded import keep

CHECKSUM = "RFC6275-9.2-CHECKSUM"
"""The rule whose findings are held."""

_MAX_HOSTS = 16_384
_MAX_HELD_PER_HOST = 256

_BUILDS_ON_A_REPLY = frozenset(
    {ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.ADD_PATH, ExchangeKind.DEREG}
)


class _Host:
    """A host none of whose checksums was right so far."""

    __slots__ = ("answered", "first", "held", "sessions")

    def __init__(self, first: Step) -> None:
        self.first = first
        self.held: list[Finding] = []
        self.answered = False
        self.sessions: set[int] = set()
        """Sessions in which it sent a reply, which the MAG's next request would show it took."""

    def hold(self, finding: Finding) -> None:
        held = self.held
        if held and finding.exchange is not None and held[-1].exchange == finding.exchange:
            held[-1] = merged(held[-1], finding)
        elif len(held) < _MAX_HELD_PER_HOST:
            held.append(finding)
        else:
            held[-1] = replace(held[-1], occurrences=held[-1].occurrences + 1)


class Checksums:
    """Findings on wrong checksums that wait for what is learnt of their hosts."""

    def __init__(self, ruleset: Ruleset, tally: Tally) -> None:
        self._ruleset = ruleset
        self._tally = tally
        self._offload = next(iter(ruleset.declared_for(OFFLOAD)), None)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        """Hosts one of whose checksums was right."""
        self._wrong: OrderedDict[bytes, _Host] = OrderedDict()

    def is_damaged(self, message: Message) -> bool:
        """Tell whether a message may have been damaged on its way, as its checksum is wrong.

        Not where it is known to have been right when it arrived; and where Header Len is not right,
        the checksum may have been made over other octets.
        """
        if message.checksum_correct is not False:
            return False
        host = self._wrong.get(message.source)
        was_right = host is not None and host.answered
        return not was_right and message.length == len(message.datagram.payload)

    def hold(self, finding: Finding, message: Message, step: Step) -> Sequence[Finding]:
        """Take a finding on the checksum of a message; give those that are final with it."""
        source = message.source
        if source in self._right:
            return (finding,)
        final: Sequence[Finding] = ()
        host = self._wrong.get(source)
        if host is None:
            if len(self._wrong) >= _MAX_HOSTS:
                final = self._settle_oldest()
            host = self._wrong[source] = _Host(step)
        host.hold(finding)
        return final

    def learn(self, message: Message, step: Step) -> Sequence[Finding]:
        """Learn what a message tells of hosts; give the findings that are final with it."""
        final: Sequence[Finding] = ()
        if message.checksum_correct and message.datagram.source not in self._right:
            keep(self._right, message.source, None, _MAX_HOSTS)
            host = self._wrong.pop(message.source, None)
            if host is not None:
                final = host.held
        if self._wrong:
            self._note_answers(message, step)
        return final

    def finish(self) -> list[Finding]:
        """Give what is held, or the remarks on offload instead, and forget the hosts."""
        final: list[Finding] = []
        while self._wrong:
            final += self._settle_oldest()
        self._right.clear()
        return final

    def _note_answers(self, message: Message, step: Step) -> None:
        """Note that a host with wrong checksums was answered.

        A request is answered by its reply; a reply by the next request of the session that builds
        on it.
        """
        session = look.session_of(step)
        if look.is_reply(step):
            request, _ = look.pair(step)
            asking = self._wrong.get(request.source)
            if asking is not None:
                asking.answered = True
            host = self._wrong.get(message.source)
            if host is not None and session is not None and message.checksum_correct is False:
                host.sessions.add(session)
                if len(host.sessions) > _MAX_HELD_PER_HOST:
                    host.sessions.pop()
        elif step.exchange is not None and step.exchange.kind in _BUILDS_ON_A_REPLY:
            host = self._wrong.get(message.destination)
            if host is not None and session in host.sessions:
                host.answered = True

    def _settle_oldest(self) -> Sequence[Finding]:
        """Decide about the host that was met longest ago by what is known of it."""
        _, host = self._wrong.popitem(last=False)
        if not host.answered or self._offload is None:
            return host.held
        rules, checks = self._ruleset.rules, self._ruleset.checks
        checksum = next(i for i, each in enumerate(rules) if each.id == CHECKSUM)
        for finding in host.held:
            self._tally.take_back(checksum, finding)
        verdict = checks[self._offload](host.first)
        if verdict is None:
            return ()
        remark = finding_of(rules[self._offload], verdict, host.first)
        times = sum(finding.occurrences for finding in host.held)
        others = tuple(finding.moment for finding in host.held[1:MAX_EVIDENCE])
        return (replace(remark, occurrences=times, evidence=others),)
