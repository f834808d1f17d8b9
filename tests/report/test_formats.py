"""The table of formats: each can be opened, and none is imported before it is used."""

import io
import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from format_run import written
from hypothesis import example, given
from hypothesis import strategies as st
from json_factory import exchange, finding, report, session
from msgspec.structs import replace

from pmiptrace.errors import UsageError
from pmiptrace.model import CaptureInfo, Identifier, Party, Problem, Status, Suppression
from pmiptrace.report.formats import FORMATS, Format, Target, format_named


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_format_writes_a_report(form: Format) -> None:
    whole, stream = report(), io.BytesIO()
    writer = form.open(Target(stream=stream, path="report", mags=whole.mags))
    for event in (exchange(), *whole.findings, session(), *whole.captures):
        writer.event(event)
    writer.finish(whole)
    assert b"RFC8278-4.1-BO-EXCLUSIVE" in stream.getvalue()


def test_the_table_imports_no_format() -> None:
    modules = sorted(form.writer.partition(":")[0] for form in FORMATS)
    code = (
        f"import sys, pmiptrace.report.formats; print([m for m in {modules} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("name", ["json", "JSON"])
def test_a_format_is_found_by_its_name(name: str) -> None:
    assert format_named(name).name == "json"


@pytest.mark.parametrize(
    ("name", "told"), [("jsno", "did you mean 'json'"), ("pdf", "choose from text, json, jsonl")]
)
def test_an_unknown_format_is_a_usage_error(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        format_named(name)


@given(text=st.text(max_size=40), name=st.binary(min_size=1, max_size=40))
@example(text="]]></failure>\x00\ud800\ufffe", name=b"\xff\x1b[2J")
def test_any_text_stays_text(text: str, name: bytes) -> None:
    """What a capture or a configuration says can be anything, in any place of a report."""
    who = Identifier(1, name)
    findings = [
        finding(message=text, mobile_node=who, party=Party("MAG", None, who)),
        finding(status=Status.INCONCLUSIVE, why_inconclusive=text, message=text, bid=1),
        finding(rule="PM-EXPIRED", status=Status.NOTE, message=text),
        finding(suppression=Suppression(by="ignore", reason=text), message=text),
    ]
    path = os.fsdecode(name.replace(b"\0", b"")) or "x"
    problem = Problem("truncated", text)
    overview = replace(report(), captures=(CaptureInfo(path=path, problems=(problem,)),))
    for form in ("sarif", "gitlab"):
        assert json.loads(written(form, overview, findings, narrowness=text))
    root = ElementTree.fromstring(written("junit", overview, findings, narrowness=text))
    assert root.find(".//failure") is not None
