"""The country as tiles: every region has one, and none is ever green."""

from dataclasses import replace
from pathlib import Path

from monitor.configuration import load_regions
from monitor.domain.alerts import Severity
from monitor.domain.kinds import Family
from monitor.web.tiles import HEIGHT, PLACES, WIDTH, tiles
from tests.store.cast import NOON, incident, report, signal


def test_every_region_has_a_tile_of_its_own_on_the_map() -> None:
    regions = load_regions(None)
    assert set(PLACES) == set(regions) - {"KZ"}
    assert len(set(PLACES.values())) == len(PLACES)
    assert all(column < WIDTH and row < HEIGHT for column, row in PLACES.values())


def test_a_region_of_which_nothing_was_heard_is_not_called_calm() -> None:
    made = tiles(load_regions(None), [], [], NOON, blind=False)
    assert {tile.state for tile in made} == {"quiet"}
    assert {tile.said for tile in made} == {"nothing heard"}


def test_a_region_of_which_we_could_not_have_heard_is_not_known() -> None:
    told = replace(signal(report("1")), regions=("KZ-47",), at=NOON)
    one = replace(incident("unrest", told), regions=("KZ-75",), severity=Severity.HIGH)
    made = {tile.code: tile for tile in tiles(load_regions(None), [one], [told], NOON, blind=True)}
    assert (made["KZ-71"].state, made["KZ-71"].said) == ("unknown", "not known")
    assert "nothing heard" not in {tile.said for tile in made.values()}
    assert (made["KZ-75"].said, made["KZ-47"].said) == ("high: 1 open", "1 reported")


def test_the_gravest_open_incident_gives_its_state_and_the_whole_country_means_all() -> None:
    told = signal(report("1"))
    one = replace(incident("unrest", told), regions=("KZ-75",), severity=Severity.HIGH)
    made = {tile.code: tile for tile in tiles(load_regions(None), [one], [], NOON, blind=False)}
    assert made["KZ-75"].state == "high"
    assert made["KZ-71"].state == "quiet"
    whole = replace(one, regions=("KZ",), severity=Severity.CRITICAL)
    assert {tile.state for tile in tiles(load_regions(None), [one, whole], [], NOON, blind=False)} == {"critical"}


def test_our_own_blindness_is_no_event_in_every_region() -> None:
    blind = replace(incident("line", signal(report("1"))), regions=("KZ",), family=Family.SYSTEM)
    assert {tile.state for tile in tiles(load_regions(None), [blind], [], NOON, blind=False)} == {"quiet"}


def test_what_was_reported_of_late_shows_even_where_nothing_is_open() -> None:
    told = replace(signal(report("1")), regions=("KZ-47",), at=NOON)
    made = {tile.code: tile for tile in tiles(load_regions(None), [], [told], NOON, blind=False)}
    assert (made["KZ-47"].state, made["KZ-47"].said) == ("signals", "1 reported")


def test_the_style_sheet_knows_every_state() -> None:
    style = (Path(__file__).parents[2] / "monitor/web/templates/style.css").read_text()
    assert all(
        f".map .{state}" in style for state in ("quiet", "unknown", "signals", *(level.word for level in Severity))
    )
