"""The disk queue: what it keeps, in which order, what its cap costs, and what a kill leaves."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.agent.parcels import unpack_content
from collectors.agent.queue import LARGEST_ROW_BYTES, SMALL_ROW_BYTES
from monitor.domain.errors import StoreUnavailableError
from tests.collectors.agent.cast import CORE, open_queue
from tests.conftest import NEW_YEAR, ROOT

BORN = int(NEW_YEAR.timestamp())


def rows_of(content: bytes) -> list[bytes]:
    return list(unpack_content(content, CORE))


def test_rows_become_parcels_of_two_hundred_and_keep_their_order(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    rows = [f"{number}".encode() for number in range(450)]
    queue.add(rows, NEW_YEAR)
    assert queue.pack(all_of_it=False) == 2
    assert queue.pack(all_of_it=True) == 1
    waiting = queue.waiting(10)
    assert [parcel.sequence for parcel in waiting] == [BORN + 1, BORN + 2, BORN + 3]
    assert [row for parcel in waiting for row in rows_of(parcel.content)] == rows
    queue.close()


def test_small_rows_travel_before_large_ones(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    large = b"x" * (SMALL_ROW_BYTES + 1)
    queue.add([large, b"text"], NEW_YEAR)
    queue.pack(all_of_it=True)
    queue.add([large, b"more"], NEW_YEAR)
    queue.pack(all_of_it=True)
    assert [rows_of(parcel.content)[0][:4] for parcel in queue.waiting(9)] == [b"text", b"more", b"xxxx", b"xxxx"]
    queue.close()


def test_a_parcel_leaves_on_the_cores_word_and_numbers_are_never_used_again(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    for number in range(3):
        queue.add([b"%d" % number], NEW_YEAR)
        queue.pack(all_of_it=True)
    assert queue.committed([BORN + 1, BORN + 3, 99]) == 2
    assert queue.count().oldest_sequence == BORN + 2
    first = queue.next_attempt()
    queue.committed([BORN + 2])
    queue.close()
    queue = open_queue(tmp_path)
    assert (queue.count().parcels, queue.count().waiting_bytes, queue.count().committed_rows) == (0, 0, 3)
    queue.add([b"x"], NEW_YEAR)
    queue.pack(all_of_it=True)
    assert queue.waiting(1)[0].sequence == BORN + 4
    assert queue.next_attempt() == first + 1
    queue.close()


def test_the_cap_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    queue = open_queue(tmp_path, largest_bytes=40_000)
    for number in range(100):
        queue.add([b"%03d" % number * 300], NEW_YEAR)
    count = queue.count()
    assert count.dropped_rows == 100 - count.rows
    assert 30_000 < count.waiting_bytes <= 40_000
    queue.pack(all_of_it=True)
    assert rows_of(queue.waiting(1)[0].content)[-1][:3] == b"099"
    assert rows_of(queue.waiting(1)[0].content)[0][:3] == b"%03d" % count.dropped_rows
    queue.add([b"y" * (LARGEST_ROW_BYTES + 1)], NEW_YEAR)
    assert queue.count().dropped_rows == count.dropped_rows + 1
    queue.close()


def test_parcels_are_dropped_before_younger_rows(tmp_path: Path) -> None:
    queue = open_queue(tmp_path, largest_bytes=2950)
    queue.add([b"old"], NEW_YEAR)
    queue.pack(all_of_it=True)
    queue.add([b"n" * 1400, b"n" * 1500], NEW_YEAR)
    assert (queue.count().parcels, queue.count().rows, queue.count().dropped_rows) == (0, 2, 1)
    queue.close()


def test_a_refused_parcel_is_set_aside(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    queue.add([b"x"], NEW_YEAR)
    queue.pack(all_of_it=True)
    queue.refused(BORN + 1, "cannot be read")
    assert (queue.count().parcels, queue.count().set_aside) == (0, 1)
    queue.close()


def test_many_large_rows_fit_the_largest_transmission(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    noise = [bytes([number]) * 100_000 for number in range(30)]
    queue.add(noise, NEW_YEAR)
    assert queue.pack(all_of_it=True) > 1
    assert all(len(parcel.content) < 900_000 for parcel in queue.waiting(99))
    queue.close()


def test_a_queue_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite3").write_bytes(b"no database at all" * 100)
    (tmp_path / "queue.sqlite3").chmod(0o600)
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        open_queue(tmp_path)


def test_what_was_added_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    writer = (
        "import sys\nfrom pathlib import Path\nfrom tests.collectors.agent.cast import open_queue\n"
        "from tests.conftest import NEW_YEAR\nqueue = open_queue(Path(sys.argv[1]))\n"
        "for number in range(10**6):\n    queue.add([b'%d' % number], NEW_YEAR)\n"
        "    if number % 50 == 49: queue.pack(all_of_it=True)\n    print(number, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", writer, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    last = 0
    for line in process.stdout:
        last = int(line)
        if last >= 240:
            break
    process.send_signal(signal.SIGKILL)
    last = int((process.stdout.read().split() or [str(last)])[-1])
    process.wait()
    process.stdout.close()
    queue = open_queue(tmp_path)
    queue.pack(all_of_it=True)
    kept = [int(row) for parcel in queue.waiting(999) for row in rows_of(parcel.content)]
    assert kept[: last + 1] == list(range(last + 1))
    queue.close()
    with sqlite3.connect(tmp_path / "queue.sqlite3") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
