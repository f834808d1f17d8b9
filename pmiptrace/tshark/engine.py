"""Captures as tshark reads them: other formats, other encapsulations, and ESP with its keys.

A capture is converted, by `pmiptrace.tshark.worker` in a process of its own, to one that is read
here as any other: the same frame numbers and times, the same messages, and so the same findings.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from pmiptrace.address import address_octets
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.interpreter import python_command
from pmiptrace.tshark.program import VARIABLE, Tshark

ENCRYPTION = {
    "null": "NULL",
    "3des-cbc": "TripleDES-CBC [RFC2451]",
    "aes-cbc": "AES-CBC [RFC3602]",
    "aes-ctr": "AES-CTR [RFC3686]",
    "des-cbc": "DES-CBC [RFC2405]",
    "aes-gcm": "AES-GCM [RFC4106]",
}
"""Algorithms by the names that users write, with tshark's."""
AUTHENTICATION = {
    "null": "NULL",
    "hmac-sha1-96": "HMAC-SHA-1-96 [RFC2404]",
    "hmac-sha256-128": "HMAC-SHA-256-128 [RFC4868]",
    "hmac-sha384-192": "HMAC-SHA-384-192 [RFC4868]",
    "hmac-sha512-256": "HMAC-SHA-512-256 [RFC4868]",
    "hmac-md5-96": "HMAC-MD5-96 [RFC2403]",
    "aes-xcbc-mac-96": "AES-XCBC-MAC-96 [RFC3566]",
    "any-96": "ANY 96 bit authentication [no checking]",
    "any-128": "ANY 128 bit authentication [no checking]",
    "any-192": "ANY 192 bit authentication [no checking]",
    "any-256": "ANY 256 bit authentication [no checking]",
}
"""The same for authentication; ``any`` leaves out the check, and wants no key."""

CUT = 4
"""The exit code of the worker for a capture that tshark could not read to its end."""

FORM = "SOURCE,DESTINATION,SPI,ENCRYPTION,KEY,AUTHENTICATION,KEY"
_KEY = re.compile(r"0x([0-9a-fA-F]{2})+|")
_SPI = re.compile(r"0x[0-9a-fA-F]{1,8}|\*")


class SecurityAssociation(Struct, frozen=True):
    """What decrypts ESP (RFC 4303) between two addresses; ``*`` stands for any."""

    source: str
    destination: str
    spi: str
    encryption: str
    encryption_key: str
    authentication: str
    authentication_key: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of tshark's file ``esp_sa``: one, or two if no address tells the IP version."""
        ends = self.source + self.destination
        versions = ("IPv4",) if "." in ends else ("IPv6",) if ":" in ends else ("IPv6", "IPv4")
        return tuple(map(self._line, versions))

    def _line(self, version: str) -> str:
        cells = (
            *(version, self.source, self.destination, self.spi),
            *(ENCRYPTION[self.encryption], self.encryption_key),
            *(AUTHENTICATION[self.authentication], self.authentication_key),
        )
        return ",".join(f'"{cell}"' for cell in cells)


def security_association(text: str) -> SecurityAssociation:
    """Read what a user wrote, in the `FORM`; raises `UsageError` if it makes no sense."""
    cells = [cell.strip() for cell in text.split(",")]
    wanted = FORM.count(",") + 1
    if len(cells) != wanted:
        raise UsageError(f"it takes {wanted} parts, {FORM}, not {len(cells)}")
    source, destination, spi, encryption, key, authentication, second = cells
    for address in (source, destination):
        if address != "*":
            _address(address)
    if not _SPI.fullmatch(spi):
        raise UsageError(f"{_shown(spi)} is no SPI: 0x and up to 8 digits, or *")
    for name, known in ((encryption, ENCRYPTION), (authentication, AUTHENTICATION)):
        if name.lower() not in known:
            raise UsageError(f"{_shown(name)} is not known: choose from {', '.join(known)}")
    if not (_KEY.fullmatch(key) and _KEY.fullmatch(second)):
        raise UsageError("a key is written as 0x and pairs of hexadecimal digits")
    return SecurityAssociation(
        source, destination, spi, encryption.lower(), key, authentication.lower(), second
    )


def _address(text: str) -> None:
    try:
        address_octets(text)
    except ValueError as error:
        raise UsageError(f"{_shown(text)} is not an IP address") from error


def _shown(text: str) -> str:
    """Quote a part, unless it may be a key that stands in the wrong place."""
    return "what looks like a key" if _KEY.fullmatch(text) and text else repr(text)


def security_associations(texts: Sequence[str]) -> tuple[SecurityAssociation, ...]:
    """Read several; ``@FILE`` stands for a file with one in each line, ``#`` before a remark.

    Raises `UsageError` for what cannot be read; it names no key.
    """
    found: list[SecurityAssociation] = []
    for text in texts:
        if not text.startswith("@"):
            found.append(security_association(text))
            continue
        path = text.removeprefix("@")
        try:
            lines = Path(path).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise UsageError(f"{path}: cannot be read: {reason}") from error
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    found.append(security_association(line))
                except UsageError as error:
                    raise UsageError(f"{path}, line {number}: {error}") from error
    return tuple(found)


class Converted(Struct, frozen=True):
    """A capture in place of another."""

    path: str
    is_cut: bool
    """Whether tshark could not read the other to its end."""


class TsharkEngine(Struct, frozen=True):
    """Reads captures by tshark."""

    tshark: Tshark
    associations: tuple[SecurityAssociation, ...] = ()
    null_encryption: bool = False
    """Whether ESP without an association is tried as not encrypted."""

    @contextmanager
    def converted(self, path: str) -> Iterator[Converted]:
        """Give a capture, there while the context lasts, with what tshark reads in another.

        Raises `CaptureError` if tshark cannot open it, and says what tshark said.
        """
        with self.settings() as environment, TemporaryDirectory(prefix="pmiptrace-") as folder:
            result = Path(folder, "signalling.pcapng")
            with result.open("wb") as output:
                ended = subprocess.run(
                    worker("convert", path),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.PIPE,
                    env=environment,
                )
            if ended.returncode not in (0, CUT):
                said = ended.stderr.decode("utf-8", "replace").splitlines()
                raise CaptureError(path, f"tshark: {said[-1] if said else 'failed'}")
            yield Converted(str(result), ended.returncode == CUT)

    @contextmanager
    def settings(self, preferences: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        """Give the environment of a worker, with what tshark is to know in files for a while.

        Files, since others can see the arguments of a process. `preferences` are further lines of
        tshark's file of that name. What tshark writes to temporary files goes with them.
        """
        lines = [
            f"esp.enable_encryption_decode: {str(bool(self.associations)).upper()}",
            f"esp.enable_null_encryption_decode_heuristic: {str(self.null_encryption).upper()}",
            *preferences,
        ]
        keys = "".join(f"{line}\n" for each in self.associations for line in each.lines)
        with TemporaryDirectory(prefix="pmiptrace-") as folder:
            Path(folder, "preferences").write_text("\n".join(lines) + "\n", "utf-8")
            Path(folder, "esp_sa").write_text(keys, "utf-8")
            yield {
                **os.environ,
                "WIRESHARK_CONFIG_DIR": folder,
                "TMPDIR": folder,
                VARIABLE: self.tshark.path,
                "PYTHONWARNINGS": "ignore",
            }


def worker(function: str, *arguments: str) -> list[str]:
    """Give the command that runs a function of `pmiptrace.tshark.worker` by itself."""
    code = (
        # Until the function knows what to do with it, Ctrl-C ends the process without a word.
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL);"
        f" from pmiptrace.tshark.worker import {function}; sys.exit({function}(sys.argv[1:]))"
    )
    return python_command(code, *arguments)
