"""`dabyl lab`: the censor's laboratory, for a person to look at. It lives in the source checkout and in no package.

A box that forges answers and reads along has no business on a machine in the field, so the wheel carries none of it.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

import monitor
from monitor.cli.output import printable, write_lines

PLACE: Final = Path("tests", "lab")


@click.command(
    name="lab",
    epilog="\b\nExamples:\n  dabyl lab\n  sudo dabyl lab tls-reset-by-name\n  sudo dabyl lab --all --json > stories.jsonl",
)
@click.argument("stories", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Run all stories, side by side.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one record a story, instead of text.")
@click.option("--packets", is_flag=True, help="Show every packet, also acknowledgements and the check of the own line.")
def command(stories: tuple[str, ...], everything: bool, as_json: bool, packets: bool) -> None:
    """Play stories of interference in a small internet made of network namespaces, and show what Dabyl makes of them.

    Without STORIES it lists them. Runs as root on Linux, from the source checkout; nothing leaves the machine, and
    nothing is left behind. The exit code is 1 if a verdict is not the story's.
    """
    known = _part("stories").STORIES
    unknown = [name for name in stories if name not in known]
    if unknown:
        raise click.ClickException(f"no story is called {', '.join(unknown)}; `dabyl lab` lists them")
    if not stories and not everything:
        _list(known, as_json)
        return
    reason = _part("namespaces").why_not()
    if reason is not None:
        raise click.ClickException(str(reason))
    chosen = list(known.values()) if everything else [known[name] for name in stories]
    if not _play(chosen, as_json, packets):
        raise click.exceptions.Exit(1)


def _part(name: str) -> ModuleType:
    """A module of the laboratory, out of the checkout that we run from or stand in."""
    for root in (Path(monitor.__file__).resolve().parent.parent, Path.cwd()):
        if (root / PLACE / "stories.py").is_file():
            if str(root) not in sys.path:
                sys.path.insert(0, str(root))
            return importlib.import_module(".".join((*PLACE.parts, name)))
    raise click.ClickException(
        f"the laboratory is in the source checkout ({PLACE}), not in the installed package: run this from a checkout"
    )


def _list(known: dict[str, Any], as_json: bool) -> None:
    if as_json:
        write_lines({"story": story.id, "kind": story.kind, "says": story.says} for story in known.values())
        return
    for line in _part("trace").table(known.values()):
        click.echo(line)
    click.echo("\nSee one: dabyl lab STORY (as root)")


def _play(chosen: list[Any], as_json: bool, packets: bool) -> bool:
    """Play and print as stories end; whether all verdicts were right."""
    by_id = {story.id: story for story in chosen}
    right = 0
    for record in _part("stage").play_all(chosen):
        right += bool(record["right"])
        if as_json:
            write_lines([record])
        elif len(chosen) <= 3:
            for line in _part("trace").lines(by_id[record["story"]], record, all_packets=packets):
                click.echo(printable(line))
        else:
            click.echo(f"{'right' if record['right'] else 'WRONG'}  {record['story']}  {_why_wrong(record)}".rstrip())
    if not as_json and len(chosen) > 3:
        click.echo(f"{right} of {len(chosen)} stories right")
    return right == len(chosen)


def _why_wrong(record: dict[str, Any]) -> str:
    said = [*record["missed"], *str(record.get("error", "")).strip().splitlines()[-1:]]
    return json.dumps(said, ensure_ascii=False) if said else ""
