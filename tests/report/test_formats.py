"""The table of formats: each can be opened, and none is imported before it is used."""

import io
import subprocess
import sys

import pytest
from json_factory import exchange, report, session

from pmiptrace.errors import UsageError
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
