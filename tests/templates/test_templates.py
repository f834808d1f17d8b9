"""What others take into their pipelines: it is well formed, and its scripts do what they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
VIOLATION = SAMPLES / "bulk-and-overwrite.pcap"
CONFORMS = SAMPLES / "call-flow.pcap"

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SPEC, (JOB,) = (
    dict(part) if "spec" in part else tuple(part.values())
    for part in yaml.safe_load_all((ROOT / "templates" / "pmiptrace.yml").read_text())
)
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
HOSTILE = "a'b\"; touch owned; $(touch owned) `touch owned` ${IFS} %0A::set-output"


def step(name: str) -> dict[str, Any]:
    (found,) = (each for each in STEPS if each.get("name") == name)
    return found


def interpreters() -> list[tuple[str, str]]:
    """Give the scripts of the templates with the shell that each is for."""
    scripts = [("bash", each["run"]) for each in STEPS if "run" in each]
    return [*scripts, ("sh", "\n".join(JOB["script"]))]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Give a folder whose pmiptrace is the one under test."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "pmiptrace"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmiptrace "$@"\n')
    program.chmod(0o755)
    return folder


def environment(tmp_path: Path, programs: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PMIPTRACE_")}
    return {
        **kept,
        "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        **variables,
    }


def analyze(tmp_path: Path, programs: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run the step that analyzes as a runner would; give its exit code, output and outputs."""
    given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: given[match[1]], value)
        for name, value in step("Analyze captures")["env"].items()
    }
    variables["PROGRAM"] = str(programs / "pmiptrace")
    (tmp_path / "output").touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Analyze captures")["run"]],
        cwd=tmp_path,
        env=environment(tmp_path, programs, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (tmp_path / "output").read_text().splitlines()
    return done.returncode, done.stdout + done.stderr, dict(line.split("=", 1) for line in lines)


def test_a_violation_gives_annotations_summary_sarif_and_the_exit_code(
    tmp_path: Path, programs: Path
) -> None:
    code, output, outputs = analyze(tmp_path, programs, captures=f"\n  {VIOLATION}\n")
    assert code == 0, "the report is uploaded before the job fails"
    assert outputs == {"exit-code": "1", "sarif": "pmiptrace.sarif"}
    assert "::error" in output
    assert "RFC8278-4.1-BO-EXCLUSIVE" in (tmp_path / "summary").read_text()
    results = json.loads((tmp_path / "pmiptrace.sarif").read_text())["runs"][0]["results"]
    assert "RFC8278-4.1-BO-EXCLUSIVE" in {result["ruleId"] for result in results}


@pytest.mark.parametrize(
    ("capture", "config", "alerts"),
    [
        (VIOLATION, "", ["RFC8278-4.1-BO-EXCLUSIVE"]),
        (VIOLATION, '[[ignores]]\nrule = "RFC8278"\nreason = "known"\n', []),
        (SAMPLES / "mid-session.pcap", "", []),
    ],
)
def test_alerts_are_made_of_violations_that_count_alone(
    tmp_path: Path, programs: Path, capture: Path, config: str, alerts: list[str]
) -> None:
    (tmp_path / "set.toml").write_text(config)
    _, _, outputs = analyze(tmp_path, programs, captures=str(capture), config="set.toml")
    told = json.loads((tmp_path / outputs["sarif"]).read_text())["runs"][0]["results"]
    assert len(told) > len(alerts)
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Choose alerts")["run"]],
        cwd=tmp_path,
        env=environment(tmp_path, programs, PYTHON=sys.executable, SARIF=outputs["sarif"]),
        check=True,
    )
    written = (tmp_path / "output").read_text().splitlines()[-1].removeprefix("sarif=")
    log = json.loads(Path(written).read_text())
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == alerts
    assert log["runs"][0]["tool"]["driver"]["rules"]


def test_the_last_step_gives_the_exit_code() -> None:
    for code in (0, 1, 3):
        verdict = subprocess.run(
            ["bash", "-c", step("Verdict")["run"]],
            env={**os.environ, "STATUS": str(code)},
            check=False,
        )
        assert verdict.returncode == code


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"captures": str(CONFORMS)}, "0"),
        ({"captures": str(VIOLATION), "fail_on": "never"}, "0"),
        ({"captures": str(VIOLATION), "ignore": "RFC8278,RFC5213,RFC6275"}, "0"),
        ({"captures": str(VIOLATION), "select": "RFC7077"}, "0"),
        ({"captures": f"{CONFORMS}\n{VIOLATION}"}, "1"),
        ({"captures": str(VIOLATION), "redact": "true"}, "1"),
        ({"captures": "missing.pcap"}, "3"),
        ({"captures": str(CONFORMS), "select": "RFC9999"}, "2"),
    ],
)
def test_inputs_do_what_they_say(
    inputs: dict[str, str], code: str, tmp_path: Path, programs: Path
) -> None:
    _, output, outputs = analyze(tmp_path, programs, **inputs)
    assert outputs["exit-code"] == code, output
    if "redact" in inputs:
        assert "example.com" not in (tmp_path / "summary").read_text() + output


def test_without_captures_the_action_says_so(tmp_path: Path, programs: Path) -> None:
    code, output, _ = analyze(tmp_path, programs, captures=" \n")
    assert code == 2
    assert "::error::" in output


@pytest.mark.parametrize("name", [name for name in ACTION["inputs"] if name != "python-version"])
def test_no_input_is_run(name: str, tmp_path: Path, programs: Path) -> None:
    inputs = {"captures": str(CONFORMS), name.replace("-", "_"): HOSTILE}
    analyze(tmp_path, programs, **inputs)
    assert not (tmp_path / "owned").exists()


def test_no_script_is_made_of_inputs() -> None:
    for _, script in interpreters():
        assert "${{" not in script
        assert "$[[" not in script


def test_every_input_is_used() -> None:
    action = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([a-z-]+)", action)) == set(ACTION["inputs"])
    template = (ROOT / "templates" / "pmiptrace.yml").read_text()
    assert set(re.findall(r"inputs\.([a-z-]+)", template)) == set(SPEC["spec"]["inputs"])


def gitlab(tmp_path: Path, programs: Path, **inputs: str) -> tuple[int, str]:
    """Run the script of the GitLab job as a runner would; give its exit code and output."""
    given = {name: each["default"] for name, each in SPEC["spec"]["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    variables = {
        name: re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: given[match[1]], value)
        for name, value in JOB["variables"].items()
    }
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(JOB["script"])],
        cwd=tmp_path,
        env=environment(tmp_path, programs, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_gitlab_job_leaves_its_reports(tmp_path: Path, programs: Path) -> None:
    (tmp_path / "captures" / "deep").mkdir(parents=True)
    shutil.copy(VIOLATION, tmp_path / "captures" / "deep")
    code, output = gitlab(tmp_path, programs)
    assert code == 1, output
    assert "RFC8278-4.1-BO-EXCLUSIVE" in output
    reports = JOB["artifacts"]["reports"]
    issues = json.loads((tmp_path / reports["codequality"]).read_text())
    assert "RFC8278-4.1-BO-EXCLUSIVE" in {issue["check_name"] for issue in issues}
    assert ElementTree.parse(tmp_path / reports["junit"]).getroot().tag == "testsuites"
    for path in JOB["artifacts"]["paths"]:
        assert (tmp_path / path).stat().st_size


def test_the_gitlab_job_takes_globs_as_pmiptrace_does(tmp_path: Path, programs: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    shutil.copy(CONFORMS, tmp_path / "a" / "b" / "one.pcap")
    shutil.copy(CONFORMS, tmp_path / "a" / "two.pcap")
    code, output = gitlab(tmp_path, programs, captures="a/**/o*.pcap a/two.*")
    assert code == 0, output
    assert "one.pcap" in output
    assert "two.pcap" in output


@pytest.mark.parametrize("name", [n for n in SPEC["spec"]["inputs"] if n not in ("image", "stage")])
def test_no_input_of_the_gitlab_job_is_run(name: str, tmp_path: Path, programs: Path) -> None:
    gitlab(tmp_path, programs, **{"captures": str(CONFORMS), name.replace("-", "_"): HOSTILE})
    assert not (tmp_path / "owned").exists()


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck")
def test_shellcheck_has_nothing_to_say() -> None:
    for shell, script in interpreters():
        done = subprocess.run(
            ["shellcheck", f"--shell={shell}", "-"], input=script, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert not done.stdout


# ---------------------------------------------------------------------------- pre-commit


def hook(folder: Path, *captures: str, args: Sequence[str] = HOOK["args"]) -> tuple[int, str]:
    """Run the hook as pre-commit would; give its exit code and output."""
    program, *arguments = shlex.split(HOOK["entry"])
    assert program == "pmiptrace"
    done = subprocess.run(
        [sys.executable, "-m", "pmiptrace", *arguments, *args, *captures],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_hook_takes_captures_and_nothing_else() -> None:
    for name in ("a.pcap", "b.pcapng", "c.cap", "d/e.pcap.gz", "f.pcapng.xz"):
        assert re.search(HOOK["files"], name)
    for name in ("a.pcap.md", "pcap", "b.capture", "handicap", "c.txt"):
        assert not re.search(HOOK["files"], name)


def test_the_hook_reads_each_capture_on_its_own(tmp_path: Path) -> None:
    code, output = hook(ROOT, str(CONFORMS), args=["--format", "jsonl"])
    assert code == 0, output
    code, output = hook(ROOT, str(CONFORMS), str(VIOLATION), args=["--format", "jsonl"])
    assert code == 1, output
    *lines, summary = map(json.loads, output.splitlines())
    assert summary["each"] is True
    assert {line["capture"] for line in lines if line.get("status") == "fail"} == {1}
    # Read as one run, the same messages would be duplicates.
    messages = [line["messages"] for line in lines if line["type"] == "capture"]
    assert messages == [4, 8]
    assert hook(tmp_path, str(VIOLATION), "missing.pcap")[0] == 3


def test_the_hook_takes_no_name_for_an_option(tmp_path: Path) -> None:
    shutil.copy(CONFORMS, tmp_path / "--write-baseline=owned.pcap")
    code, output = hook(tmp_path, "--write-baseline=owned.pcap")
    assert code == 0, output
    assert not (tmp_path / "owned.pcap").exists()


# -------------------------------------------------------------------------------- Docker


def test_the_image_gets_what_a_wheel_is_made_of() -> None:
    """Whatever the build reads is let in; setup.py, which is read first, names the rest."""
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert kept == {"LICENSE", "README.md", "pyproject.toml", "setup.py", "pmiptrace"}
    assert all((ROOT / name).exists() for name in kept)
