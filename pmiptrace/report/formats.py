"""The formats of a report: what each is called, and what writes it.

A run may write several reports at once. Each has a `ReportWriter`, which is told what the analysis
gives as it goes on, narrowed to what is selected, and at the end how much there was. What a format
has to know beyond that stands in its `Target`. A writer keeps of the events what its format shows;
one that has to hold something back until the end sets a bound to it, as `pmiptrace.report.results`
does for findings.

The module of a format is imported when a report is written in it, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from msgspec import Struct, field

from pmiptrace.errors import UsageError
from pmiptrace.plugins import foreign_formats
from pmiptrace.report.times import TimeFormat

if TYPE_CHECKING:
    from pmiptrace.analysis import Event, Observer
    from pmiptrace.model import MagNode, Report
    from pmiptrace.wire.dialect import Dialect


class ReportWriter(Protocol):
    """Writes one report of one run."""

    def event(self, event: Event) -> object:
        """Take in what became known: a message, an exchange, a finding ...

        Messages come in the order of time; an exchange comes again if a further answer to it does.
        """

    def finish(self, report: Report) -> object:
        """Write what is not written yet.

        `report` has what is known of the run as a whole: captures, counts, MAGs, and the rules that
        are reported; its sessions, exchanges and findings are empty, as those came as events. After
        a fault of the program, a `Problem` of kind ``internal-error`` is all that it has.
        """


class Target(Struct, frozen=True, kw_only=True):
    """Where a report goes, and what its writer may want to know of the run."""

    stream: BinaryIO
    path: str | None = None
    """The file that it goes to, which appears when all was written; None for standard output."""
    live: bool = False
    """Whether somebody reads along, so that lines are sent on their way at once."""
    time: TimeFormat = TimeFormat.UTC
    """How a format for people writes times."""
    narrowness: str = ""
    """What leaves out mobile nodes, MAGs or LMAs, as one writes it on the command line."""
    coverage: bool = False
    """Whether a format for people lists every rule with how often it was judged."""
    redacted: bool = False
    """Whether names and paths are pseudonyms, by which no command finds anything."""
    mags: Mapping[int, MagNode] = field(default_factory=dict)
    """The MAGs known so far, by id; more become known as the analysis goes on."""
    dialects: Mapping[str, Dialect] = field(default_factory=dict)
    """The dialects that messages may be translated by, by name."""
    observe: Callable[[Observer], None] = lambda _: None
    """Has a function hear of every step of the analysis; for what events do not tell."""
    exit_code: Callable[[], int] = lambda: 0
    """The exit code of the run, once the analysis is over."""


class Format(Struct, frozen=True):
    """A format that reports can be written in."""

    name: str
    """What follows ``--format``."""
    help: str
    """What it is for, in one line."""
    writer: str
    """What makes a `ReportWriter` of a `Target`: the module, a colon, and the name in it."""
    streams: bool = False
    """Whether it is written while the analysis goes on."""
    plugin: str | None = None
    """The plugin that it comes from; None for one of the program's own."""

    def open(self, target: Target) -> ReportWriter:
        """Begin a report.

        Raises `UsageError` if the format is of a plugin that does not work; so do the functions of
        its writer then.
        """
        module, _, name = self.writer.partition(":")
        if self.plugin is None:
            return cast("ReportWriter", getattr(import_module(module), name)(target))
        with self._blamed():
            return _Foreign(attrgetter(name)(import_module(module))(target), self._blamed)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Say whose fault an exception is."""
        try:
            yield
        except (OSError, UsageError):
            raise
        except (Exception, SystemExit) as fault:
            reason = f"{type(fault).__name__}: {fault}"
            raise UsageError(f"format {self.name} of {self.plugin} failed: {reason}") from fault


class _Foreign:
    """The writer of a plugin."""

    def __init__(
        self, writer: ReportWriter, blamed: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._event, self._finish = writer.event, writer.finish
        self._blamed = blamed

    def event(self, event: Event) -> None:
        """Take in what became known."""
        with self._blamed():
            self._event(event)

    def finish(self, report: Report) -> None:
        """Write what is not written yet."""
        with self._blamed():
            self._finish(report)


FORMATS = (
    Format("text", "a page for people", "pmiptrace.report.text:TextWriter"),
    Format("json", "one document with everything", "pmiptrace.report.json:JsonWriter"),
    Format(
        "jsonl",
        "an object per line, as it becomes known",
        "pmiptrace.report.jsonl:LineWriter",
        streams=True,
    ),
    Format("html", "one page to hand over", "pmiptrace.report.html.writer:HtmlWriter"),
    Format("markdown", "a summary for pages of CI", "pmiptrace.report.markdown:MarkdownWriter"),
    Format("csv", "a row per finding", "pmiptrace.report.csv:CsvWriter", streams=True),
    Format("sarif", "SARIF 2.1.0, for GitHub and editors", "pmiptrace.report.sarif:SarifWriter"),
    Format("junit", "JUnit XML: a test case per rule", "pmiptrace.report.junit:JunitWriter"),
    Format("github", "annotations of GitHub Actions", "pmiptrace.report.github:GithubWriter"),
    Format("gitlab", "Code Quality of GitLab", "pmiptrace.report.gitlab:GitlabWriter"),
)
"""The formats that come with the program, in the order of the help."""


def formats() -> tuple[Format, ...]:
    """Give all formats: those of the program, then those of plugins."""
    foreign = foreign_formats({form.name for form in FORMATS})
    return (
        *FORMATS,
        *(
            Format(each.name, f"from {each.plugin.origin}", each.writer, plugin=str(each.plugin))
            for each in foreign
        ),
    )


def format_named(name: str) -> Format:
    """Give the format of that name; raises `UsageError`, with what may be meant, if there is none.

    Case does not count.
    """
    known = {each.name: each for each in formats()}
    found = known.get(name.lower())
    if found is not None:
        return found
    close = get_close_matches(name.lower(), known, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else f": choose from {', '.join(known)}"
    raise UsageError(f"there is no format {name!r}{meant}")
