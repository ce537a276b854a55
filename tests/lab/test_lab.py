"""Every story of the laboratory ends with the verdict that is true in it; and the laboratory leaves nothing behind."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, need
from tests.lab.namespaces import why_not
from tests.lab.stories import STORIES

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]
CANNOT = "the laboratory"


def lab(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "lab", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def need_a_laboratory() -> None:
    with lab("open-http", "--json") as process:
        _, said = process.communicate()
    need(CANNOT not in said, said.strip().removeprefix("Error: ") or CANNOT)


class Playing:
    """All stories under way in another process; each test waits for its own."""

    def __init__(self) -> None:
        self._process = lab("--all", "--json")
        self._records: dict[str, dict[str, Any]] = {}

    def record(self, story: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        while story not in self._records:
            line = self._process.stdout.readline()
            if not line:
                _, said = self._process.communicate()
                pytest.fail(f"{story} was not played: {said}")
            record = json.loads(line)
            self._records[record["story"]] = record
        return self._records[story]

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def playing() -> Iterator[Playing]:
    need_a_laboratory()
    all_stories = Playing()
    yield all_stories
    all_stories.end()


@pytest.mark.parametrize("story", STORIES)
def test_the_verdict_is_what_is_true_in_the_story(playing: Playing, story: str) -> None:
    record = playing.record(story)

    assert record.get("error") is None
    assert not record["missed"]


FATES = {
    "tls-drop-by-name": [
        ("TLS ClientHello for news.example", "dropped"),
        ("TLS ClientHello for example.com", "passed"),
    ],
    "tls-reset-by-name": [("TLS ClientHello for news.example", "dropped"), ("TCP reset", "made here")],
    "tls-mitm-state-2020": [("TLS ClientHello for news.example", "taken over")],
    "tcp-drop": [("TCP SYN", "dropped")],
    "dns-nxdomain": [("DNS says news.example A = NXDOMAIN", "answered here")],
    "dns-injection": [
        ("DNS says news.example A = 11.66.6.6", "made here"),
        ("DNS says news.example A = 11.9.1.10", "passed"),
    ],
    "http-reset": [("GET / (Host: news.example)", "dropped"), ("TCP reset", "made here")],
    "http-block-page": [("GET / (Host: news.example)", "taken over"), ("HTTP/1.1 200 OK", "made here")],
}


@pytest.mark.parametrize("story", FATES)
def test_the_trace_shows_what_became_of_the_packets(playing: Playing, story: str) -> None:
    met = {(packet["says"], packet["fate"]) for act in playing.record(story)["acts"] for packet in act["packets"]}

    assert not set(FATES[story]) - met


def test_an_open_internet_meets_no_rule_and_loses_no_packet(playing: Playing) -> None:
    (act,) = playing.record("open-internet")["acts"]

    assert act["censor"] == {}
    assert {packet["fate"] for packet in act["packets"]} <= {"passed", "answered here"}


def test_a_kill_leaves_no_process_and_no_link_behind(playing: Playing) -> None:
    playing.record(list(STORIES)[-1])
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, check=True).stdout
    with lab("tls-drop-by-name", "--json") as process:
        group = children_once_there(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    assert all(is_gone(child) for child in group)
    assert subprocess.run(["ip", "-brief", "link"], capture_output=True, check=True).stdout == links


def children_once_there(process: "subprocess.Popen[str]") -> list[int]:
    """The process's children and theirs, once the vantages stand."""
    found: list[int] = []
    while len(found) < 3:
        assert process.poll() is None
        found = [child for parent in children(process.pid) for child in (parent, *children(parent))]
    return found


def children(pid: int) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(file.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(file.parent.name))
    return found


def is_gone(pid: int) -> bool:
    """Whether a process ended; one that is about to is waited for."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    return bool(select.select([handle], [], [], 10)[0])


def test_a_story_whose_censor_does_nothing_is_wrong() -> None:
    need_a_laboratory()
    idle = (
        "from dataclasses import replace\n"
        "from tests.lab.stage import play_all\n"
        "from tests.lab.stories import STORIES\n"
        "story = STORIES['tls-reset-by-name']\n"
        "(record,) = play_all([replace(story, acts=(replace(story.acts[0], happens=()),))])\n"
        "print(record['right'], record['missed'])\n"
    )
    said = subprocess.run([sys.executable, "-c", idle], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert said.startswith("False")
    assert "expected blocked, got ok" in said


def test_the_list_needs_no_rights_and_names_every_story() -> None:
    with lab("--json") as process:
        out, _ = process.communicate()

    assert process.returncode == 0
    assert [json.loads(line)["story"] for line in out.splitlines()] == list(STORIES)


def test_an_unknown_story_is_named() -> None:
    with lab("no-such-story") as process:
        _, said = process.communicate()

    assert process.returncode == 1
    assert "no story is called no-such-story" in said


def test_whoever_is_not_root_is_told_so() -> None:
    assert why_not(user=1000) == "the laboratory needs root (network namespaces); this is not root"
