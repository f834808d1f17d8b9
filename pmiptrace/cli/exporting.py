"""The runs of ``export``: write what is asked for, tell the rest to standard error, give the code.

The exit code is 0 if all was written, and 3 if a capture cannot be opened; then nothing is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from pmiptrace.cli.keys import key as chosen_key
from pmiptrace.cli.run import READER_GONE, silence_stdout, tell
from pmiptrace.errors import CaptureError, UsageError
from pmiptrace.export.files import jobs
from pmiptrace.export.signalling import Exported
from pmiptrace.model import Finding, Problem
from pmiptrace.report.words import counted

UNOPENED, INTERRUPTED = 3, 130


def annotate(
    captures: Sequence[str],
    output: str,
    given: Mapping[str, object],
    *,
    config: str | None = None,
    isolated: bool = False,
) -> int:
    """Write captures with findings as comments.

    `given` is what the command line says of the keys of a configuration. Raises `UsageError` for
    arguments that make no sense.
    """
    from pmiptrace.analysis import Analysis
    from pmiptrace.configuration import configure
    from pmiptrace.export.annotated import comments_of, write_annotated
    from pmiptrace.policy import Policy
    from pmiptrace.selection import Selection

    configuration = configure(given, file=config, isolated=isolated)
    selected = Selection(select=configuration.select, ignore=configuration.ignore)
    policy = Policy.of(configuration)
    tolerances = configuration.settings

    def write() -> None:
        with jobs(captures, output, ".pcapng") as opened:
            analysis = Analysis(
                [job.source for job in opened],
                each=configuration["each"],
                dialect=configuration["dialect"],
                timers=tolerances.timers,
                options=tolerances.options,
            )
            policy.attend(analysis.mags, lambda: analysis.paths)
            findings = [
                event
                for event in map(policy.event, analysis.events())
                if isinstance(event, Finding)
                and event.suppression is None
                and selected.finding(event)
            ]
            if analysis.errors:
                raise analysis.errors[0]
            if analysis.interrupted:
                raise KeyboardInterrupt
            comments = comments_of(findings, [job.name for job in opened])
            for index, job in enumerate(opened):
                done = write_annotated(job.source, comments.get(index, {}), job.stream)
                tell(f"{job.name}: {counted(done.comments, 'comment')}")
                if done.homeless:
                    tell(
                        f"{job.name}: {counted(done.homeless, 'comment')} left out: "
                        "a Simple Packet Block cannot hold one"
                    )
                _tell_problems(job.name, done.problems)

    return _run(write)


def reduce(captures: Sequence[str], output: str) -> int:
    """Write the signalling of captures; raises `UsageError` for arguments that make no sense."""
    from pmiptrace.export.signalling import write_signalling

    def write() -> None:
        with jobs(captures, output) as opened:
            for job in opened:
                _tell_exported(job.name, write_signalling(job.source, job.stream))

    return _run(write)


def anonymise(
    captures: Sequence[str],
    output: str,
    key: str | None = None,
    key_file: str | None = None,
    dialect: str = "auto",
) -> int:
    """Write the signalling of captures with pseudonyms.

    Raises `UsageError` for arguments that make no sense.
    """
    from pmiptrace.export.anonymised import write_anonymised
    from pmiptrace.export.pseudonyms import Pseudonyms

    pseudonyms = Pseudonyms(_key(key, key_file))

    def write() -> None:
        with jobs(captures, output) as opened:
            for job in opened:
                done = write_anonymised(job.source, job.stream, pseudonyms, dialect=dialect)
                _tell_exported(job.name, done)

    return _run(write)


def script(output: str) -> int:
    """Write the Lua script; raises `UsageError` if that cannot be done."""
    from pmiptrace.export.wireshark import lua_script
    from pmiptrace.report.output import destination

    def write() -> None:
        with destination(None if output == "-" else output) as stream:
            stream.write(lua_script().encode())

    return _run(write)


def _key(text: str | None, file: str | None) -> bytes:
    """Give the key; a random one is forgotten, so nobody can undo or continue the export."""
    if text is not None and file is not None:
        raise UsageError("--key and --key-file are two ways to say the same: give one")
    if text == "":
        raise UsageError("--key takes a text")
    return chosen_key(text=text, file=file) or secrets.token_bytes(32)


def _run(write: Callable[[], None]) -> int:
    try:
        write()
    except CaptureError as error:
        tell(str(error))
        return UNOPENED
    except KeyboardInterrupt:
        tell("interrupted; nothing was written")
        return INTERRUPTED
    except BrokenPipeError:
        silence_stdout()
        return READER_GONE
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}") from error
    return 0


def _tell_exported(name: str, done: Exported) -> None:
    tell(f"{name}: {done.frames} signalling frames")
    if done.left_out:
        tell(f"{name}: {done.left_out} frames left out, as they could not be anonymised")
    if done.esp_frames:
        tell(f"{name}: {done.esp_frames} frames with ESP left out")
    _tell_problems(name, done.problems)


def _tell_problems(name: str, problems: Iterable[Problem]) -> None:
    for problem in problems:
        tell(f"{name}: {problem.message}")
