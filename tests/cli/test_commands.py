"""The command line as people script against it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "config" / "scenarios" / "january-2022.yaml"


def dabyl(*words: str, given: str | None = None, data: Path | None = None, code: int = 0) -> str:
    environment = {**os.environ, "DABYL_DATA": str(data or "/nonexistent"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        timeout=50,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 or done.stdout else done.stderr


def test_texts_come_out_in_their_fixed_form() -> None:
    lines = [
        {"id": "1", "text": "В Алматы задержали 20 активистов", "published_at": "2026-01-05T10:00:00Z"},
        {"id": 2, "text": ""},
    ]
    first, second = (
        json.loads(line) for line in dabyl("inspect", "text", "-", given="\n".join(map(json.dumps, lines))).splitlines()
    )
    assert list(first) == ["id", "language", "signals", "places"]
    (signal,) = first["signals"]
    assert list(signal) == ["kind", "regions", "places", "strength", "counts", "denied", "past", "because"]
    assert (signal["kind"], signal["regions"], signal["counts"]) == (
        "police.detention",
        ["KZ-75"],
        {"detained": [20, 20]},
    )
    assert list(first["places"][0]) == ["name", "region", "start", "end"]
    assert (second["id"], second["signals"]) == (2, [])


def test_a_bad_line_is_told_and_the_rest_goes_on() -> None:
    out = dabyl("inspect", "text", "-", given='{\n{"id":"2","text":"x"}\n', code=1)
    assert ["error" in json.loads(line) for line in out.splitlines()] == [True, False]


def test_a_text_given_in_place_of_a_file_is_told_how_and_the_rest_goes_on() -> None:
    out = dabyl("inspect", "text", "В Алматы митинг", "-", given='{"id":"2","text":"x"}\n', code=1)
    first, second = map(json.loads, out.splitlines())
    assert first["file"] == "В Алматы митинг"
    assert first["error"].startswith("cannot be read: No such file")
    assert 'echo "…" | dabyl inspect text' in first["error"]
    assert second["id"] == "2"
    explained = dabyl("inspect", "text", "--explain", "none.jsonl", code=1)
    assert explained == "none.jsonl: cannot be read: No such file or directory\n"


def test_feeds_and_pages_come_out_in_their_fixed_form(tmp_path: Path) -> None:
    feed = tmp_path / "a.xml"
    feed.write_text("<rss><channel><item><title>T</title><guid>g</guid></item></channel></rss>")
    (row,) = map(json.loads, dabyl("inspect", "feed", str(feed)).splitlines())
    assert list(row) == ["file", "id", "title", "link", "published_at", "text"]
    page = tmp_path / "p.html"
    page.write_text("<html></html>")
    assert json.loads(dabyl("inspect", "telegram-preview", str(page), code=1)) == {
        "file": str(page),
        "error": "no preview",
    }


def test_a_replay_is_the_same_to_the_byte_and_shows_what_must_be_shown() -> None:
    out = dabyl("replay", "--json", str(SCENARIO))
    assert out == dabyl("replay", "--json", str(SCENARIO))
    rows = [json.loads(line) for line in out.splitlines()]
    keys = {"time", "event", "kind", "regions", "rule", "severity", "confidence", "to"}
    assert all(keys <= set(row) for row in rows)
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    fired = {
        row["rule"]: row
        for row in rows
        if row["event"] == "alert" and row["state"] == "firing" and row["regions"] == ["KZ"]
    }
    assert "2022-01-05T10:45" <= fired["net.national"]["time"] <= "2022-01-05T11:30"
    national = {
        row["id"] for row in rows if row["event"] == "incident" and row["kind"] == "net" and row["regions"] == ["KZ"]
    }
    assert len(national) == 1


def test_every_command_has_help_with_an_example() -> None:
    for name in ("run", "demo", "replay", "check", "status", "doctor", "init", "send-test"):
        assert "xample" in dabyl(name, "--help")


def test_the_default_configuration_is_right() -> None:
    assert dabyl("check").startswith("right:")
    assert "-> console" in dabyl("check", "--graph")


def test_all_mistakes_are_told_at_once_with_line_and_nearest_word(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(
        "sources:\n"
        "  - {id: a, kind: feds, name: A, owner: a, settings: {url: 'https://a.test/'}}\n"
        "  - {id: b, kind: feeds, name: B, ownr: b, owner: b, settings: {url: nonsense}}\n"
        "  - {id: b, kind: feeds, name: B, owner: b, settings: {url: 'https://a.test/'}}\n"
    )
    (tmp_path / "rules.yaml").write_text(
        "rules:\n  - {id: r, title: R, severity: hgh, when: {kinds: [police.detenton]}, to: [nobody]}\n"
    )
    (tmp_path / "areas.yaml").write_text(
        "areas:\n"
        "  - {id: a, name: A, region: KZ-99, corners: [[76.9, 43.2], [77.0, 43.2], [77.0, 43.3]]}\n"
        "  - {id: b, name: B, region: KZ-75, corners: [[76.9, 43.2], [77.0, 43.3], [77.0, 43.2], [76.9, 43.3]]}\n"
        "  - {id: c, name: C, region: KZ-75, corners: [[43.2, 76.9], [43.2, 77.0], [43.3, 77.0]]}\n"
    )
    told = dabyl("--config", str(tmp_path), "check", code=2)
    for words in (
        "sources.yaml:2: a: unknown kind 'feds'; did you mean 'feeds'?",
        "sources.yaml:3: b: unknown key 'ownr'",
        "did you mean 'high'?",
        "did you mean 'police.detention'?",
        "areas.yaml:2: a: unknown region 'KZ-99'",
        "areas.yaml:3: b: ",
        "its sides cross one another",
        "areas.yaml:4: c: ",
    ):
        assert words in told


def test_a_test_message_is_handed_over_and_an_unknown_receiver_is_named() -> None:
    assert "[DRILL]" in dabyl("send-test", "console")
    assert "did you mean 'console'" in dabyl("send-test", "consol", code=1)


def test_looking_without_data_says_what_to_do(tmp_path: Path) -> None:
    assert "start the service once" in dabyl("status", data=tmp_path, code=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("replay", "nowhere.yaml"), ("replay", "setup.cfg"), ("inspect", "feed")])
def test_bad_input_is_a_clear_message_and_a_non_zero_exit(words: tuple[str, ...]) -> None:
    assert dabyl(*words, code=2 if words == ("inspect", "feed") else 1)


def test_an_export_is_imported_once_and_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    text = "В Алматы задержали 20 активистов"
    file.write_text(
        json.dumps(
            {
                "name": "К",
                "type": "public_channel",
                "id": 1,
                "messages": [{"id": 1, "date_unixtime": "1641355200", "text": text}],
            }
        )
    )
    assert "1 new" in dabyl("import", "telegram-export", str(file), data=tmp_path)
    assert "0 new" in dabyl("import", "telegram-export", str(file), data=tmp_path)
    (row,) = json.loads(dabyl("history", "signals", "--region", "KZ-75", "--format", "json", data=tmp_path))
    assert row["kind"] == "police.detention"
    assert dabyl("history", "signals", "--region", "KZ-71", "--format", "csv", data=tmp_path).count("\n") == 1
