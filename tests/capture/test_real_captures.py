"""Public captures, and tshark's opinion of them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pmiptrace.capture import CaptureReader

FOLDER = Path(__file__).resolve().parents[2] / "../shared/captures"
FILES = sorted(FOLDER.glob("*.pcap"))
pytestmark = pytest.mark.skipif(not FILES, reason="the public captures are not at hand")


def frames(path, every=True):
    with CaptureReader(str(path), every_frame=every) as reader:
        return list(reader), reader.info


@pytest.mark.parametrize(
    ("name", "packets", "candidates"),
    [("skku_lma2mags.pcap", 477, 11), ("tcpdump_ipv6_mobility_1.pcap", 16, 16)],
)
def test_counts(name, packets, candidates):
    kept, info = frames(FOLDER / name, every=False)
    assert (info.packets, len(kept), info.problems) == (packets, candidates, ())


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_against_tshark(path):
    fields = ["frame.number", "frame.time_epoch", "frame.cap_len", "frame.len"]
    command = ["tshark", "-r", str(path), "-T", "fields"]
    command += [part for field in fields for part in ("-e", field)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    got, _ = frames(path)
    assert [line.split("\t") for line in lines] == [
        [
            str(f.number),
            f"{f.time // 10**9}.{f.time % 10**9:09}",
            str(len(f.data)),
            str(f.original_length),
        ]
        for f in got
    ]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_that_tshark_takes_for_mobility_is_kept(path):
    command = ["tshark", "-r", str(path), "-Y", "mipv6", "-T", "fields", "-e", "frame.number"]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert set(map(int, out.split())) <= {f.number for f in frames(path, every=False)[0]}
