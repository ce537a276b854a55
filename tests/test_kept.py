"""What is kept ready: used only while it is made of the same things, and never a way in."""

import os
import pickle
from pathlib import Path

import pytest

from monitor.configuration_reading import ReadingConfiguration, read_reading
from monitor.domain.kinds import EventKind
from monitor.folder import Folder
from monitor.kept import Kept, cache_directory, digest
from monitor.problems import ConfigurationError

TEXT = "В Алматы задержали 20 активистов"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's directory with a small lexicon for each language."""
    folder = tmp_path / "own"
    (folder / "lexicons").mkdir(parents=True)
    for language in ("kk", "en"):
        (folder / "lexicons" / f"{language}.yaml").write_text(f"language: {language}\nentries: []\n")
    write(folder, "задержал*")
    return folder


def write(folder: Path, phrase: str) -> None:
    entry = f'{{id: ru.own, kind: police.detention, any: ["{phrase}"]}}'
    (folder / "lexicons" / "ru.yaml").write_text(f"language: ru\nentries:\n  - {entry}\n", encoding="utf-8")


def read(own: Path, cache: Path) -> ReadingConfiguration:
    folder = Folder(own)
    found = read_reading(folder, cache=cache)
    folder.finish()
    return found


def kinds(reading: ReadingConfiguration) -> list[str]:
    return [finding.kind.value for finding in reading.reader.read(TEXT).findings]


def test_what_was_made_once_is_taken_from_the_cache_and_reads_the_same(own: Path, tmp_path: Path) -> None:
    made = read(own, tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    written = file.stat().st_mtime_ns
    kept = read(own, tmp_path / "cache")
    assert file.stat().st_mtime_ns == written
    assert kept.reader is not made.reader
    assert made.reader.read(TEXT) == kept.reader.read(TEXT)
    assert (kept.strengths, kept.cities, kept.well_known) == (made.strengths, made.cities, made.well_known)
    assert kinds(kept) == ["police.detention"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_changed_lexicon_is_read_anew(own: Path, tmp_path: Path) -> None:
    assert kinds(read(own, tmp_path / "cache")) == ["police.detention"]
    write(own, "уволок*")
    assert kinds(read(own, tmp_path / "cache")) == []


def test_a_lexicon_with_faults_is_told_each_time_and_never_kept(own: Path, tmp_path: Path) -> None:
    write(own, "(")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            read(own, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_two_rules_of_one_name_are_told(own: Path, tmp_path: Path) -> None:
    entry = '{id: ru.one, kind: labour.strike, any: ["бастуют"]}'
    path = own / "lexicons" / "ru.yaml"
    path.write_text(f"language: ru\nentries:\n  - {entry}\n  - {entry}\n", encoding="utf-8")
    folder = Folder(own)
    read_reading(folder, cache=tmp_path / "cache")
    assert [(problem.entry, problem.message) for problem in folder.problems] == [
        ("ru.one", "this id stands twice in the file; each needs its own")
    ]


def test_only_the_latest_few_are_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "thing")
    for number in range(7):
        kept.store(str(number), EventKind.LABOUR_STRIKE)
        os.utime(tmp_path / f"thing-{number}.pickle", ns=(number, number))
    assert kept.load("0") is None
    assert kept.load("6") is EventKind.LABOUR_STRIKE
    assert len(list(tmp_path.iterdir())) == 4


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo",)


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", pickle.dumps(Evil()), b"cmonitor.read.reader\nre.compile\n.", b"cmonitor.kept\nos\n."],
    ids=["empty", "torn", "a call", "a module's own import", "another module"],
)
def test_a_file_that_is_none_of_ours_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "thing-x.pickle"
    file.write_bytes(content)
    file.chmod(0o600)
    assert Kept(tmp_path, "thing").load("x") is None


def test_a_file_that_others_may_write_is_not_read(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "thing")
    kept.store("x", EventKind.LABOUR_STRIKE)
    (tmp_path / "thing-x.pickle").chmod(0o622)
    assert kept.load("x") is None


def test_where_nothing_can_be_kept_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "below", "thing")
    kept.store("x", EventKind.LABOUR_STRIKE)
    assert kept.load("x") is None


def test_the_cache_is_where_the_users_programs_keep_theirs() -> None:
    assert cache_directory({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/dabyl")
    assert cache_directory({"HOME": "/h"}) == Path("/h/.cache/dabyl")
    assert digest([b"a", b"bc"]) != digest([b"ab", b"c"])
