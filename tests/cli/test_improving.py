"""Explaining, scoring, reading again and judging, as a duty desk does it from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import SCENARIO, dabyl

LABEL = {"id": "1", "language": "ru", "text": "В Алматы задержали 20 активистов"}
RIGHT = {"kinds": ["police.detention"], "regions": ["KZ-75"], "counts": {"detained": [20, 20]}}


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    texts = [
        "В Алматы задержали 20 активистов, среди них Нурлан Сериков",
        "В Шымкенте забастовка водителей автобусов",
        "Алматыда митингіде 25 адам ұсталды",
    ]
    messages = [
        {"id": number, "date_unixtime": str(1641355200 + number), "text": text} for number, text in enumerate(texts, 1)
    ]
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"name": "К", "type": "public_channel", "id": 1, "messages": messages}))
    dabyl("import", "telegram-export", str(file), data=tmp_path / "data")
    return tmp_path / "data"


def write(folder: Path, *lines: object) -> str:
    file = folder / "labels.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return str(file)


def test_labels_are_scored_and_errors_named_with_their_words(tmp_path: Path) -> None:
    file = write(tmp_path, LABEL | {"expect": RIGHT}, LABEL | {"id": "2", "expect": {"kinds": []}})
    told = dabyl("evaluate", "--errors", file)
    assert "2 texts; 1 false alarms in 1 texts that report nothing." in told
    assert "2: wrong: expected nothing, found police.detention [" in told
    assert "«задержали»" in told
    figures = json.loads(dabyl("evaluate", "--json", file))
    assert (figures["any_event"]["precision"], figures["any_event"]["recall"]) == (0.5, 1.0)
    assert figures["counts"]["detained"] == {"right": 1, "of": 1, "ratio": 1.0}
    assert figures["errors"][0]["because"][0]["words"] == "задержали"


def test_a_bad_line_is_named_with_file_and_number_and_the_rest_is_scored(tmp_path: Path) -> None:
    file = write(tmp_path, LABEL | {"expect": RIGHT}, "{", LABEL | {"expect": {"kinds": ["police.detenton"]}})
    assert "1 texts" in dabyl("evaluate", file, code=1)
    (tmp_path / "empty.jsonl").write_text("\n")
    assert "no label" in dabyl("evaluate", str(tmp_path / "empty.jsonl"), code=1)
    assert "cannot be read" in dabyl("evaluate", str(tmp_path / "nowhere.jsonl"), code=1)


def test_a_post_is_shown_with_its_hits_marked_and_its_score_parts() -> None:
    told = dabyl("inspect", "text", "--explain", "-", given="В Алматы задержали 20 активистов\n")
    assert "В <Алматы> ⟦задержали⟧ 20" in told
    assert "police.detention  KZ-75 (Almaty)" in told
    assert "score: ru." in told
    hostile = dabyl("inspect", "text", "--explain", "-", given='{"id":"x","text":"\\u001b[31m\\u202eмитинг"}\n')
    assert "\x1b" not in hostile
    assert "\u202e" not in hostile


def test_reading_again_shows_and_applies(imported: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "lexicons").mkdir(parents=True)
    (own / "lexicons" / "ru.yaml").write_text(
        "language: ru\nentries:\n  - {id: ru.bus, kind: labour.strike, any: [водителей автобусов], strength: 0.9}\n"
    )
    rows = json.loads(
        dabyl("--config", str(own), "reread", "--since", "2022-01-01T00:00:00Z", "--format", "json", data=imported)
    )
    assert {(row["change"], row["kind"]) for row in rows} >= {("gone", "police.detention")}
    before = dabyl("history", "signals", "--format", "json", data=imported)
    dabyl("--config", str(own), "reread", "--since", "2022-01-01T00:00:00Z", "--apply", data=imported)
    assert dabyl("history", "signals", "--format", "json", data=imported) != before
    assert json.loads(
        dabyl("--config", str(own), "reread", "--since", "2022-01-01T00:00:00Z", "--format", "json", data=imported)
    ) == []  # fmt: skip
    assert "is no moment" in dabyl("reread", "--since", "yesterday", data=imported, code=2)


def test_the_ledger_has_one_interval_a_city_and_day(imported: Path) -> None:
    (row,) = json.loads(dabyl("history", "detentions", "--format", "json", data=imported))
    assert (row["day"], row["region"], row["detained_low"], row["detained_high"]) == ("2022-01-05", "KZ-75", 25, 25)
    assert dabyl("history", "detentions", "--region", "Шымкент", "--format", "csv", data=imported).count("\n") == 1
    assert "25" in dabyl("history", "detentions", data=imported)


def test_every_command_here_has_help_with_an_example() -> None:
    for words in (("evaluate",), ("reread",), ("incident",), ("history", "detentions"), ("inspect", "text")):
        assert "xample" in dabyl(*words, "--help")


def test_an_unknown_incident_is_named(imported: Path) -> None:
    assert "there is no incident" in dabyl("incident", "abc", data=imported, code=1)
    assert "--note needs" in dabyl("incident", "abc", "--note", "x", data=imported, code=2)
    assert SCENARIO.is_file()
