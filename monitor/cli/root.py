"""The `dabyl` command: finds the module of a command by its name and imports it only when it is asked for.

`--help` therefore answers at once, and a command pays only for what it uses.
"""

import gc
import importlib
import os
import sys
from typing import Final

import click

from monitor import __version__
from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.problems import ConfigurationError
from monitor.settings import SettingsError

COMMANDS: Final = {
    "run": "Start the service: collect, read, judge, tell, show",
    "demo": "Play January 2022 through the very same pipeline, marked DEMO",
    "replay": "Run recorded input through the pipeline on a simulated clock",
    "inspect": "The magnifying glass: what we read in texts, feeds, pages, exports, measurements",
    "targets": "What is probed and by whom; bring in lists of others",
    "check": "Validate all configuration; --graph draws it; --online asks the sources",
    "status": "How the service and each source feel, and what is open",
    "history": "Signals, incidents and reports of the past, as table, CSV or JSON",
    "incident": "One incident and its story; --false or --real judges it",
    "reread": "Stored texts through the present lexicons: what would change",
    "evaluate": "How well the reader reads labelled texts, and where it errs",
    "import": "Bring in recorded material, such as a Telegram Desktop export",
    "agent": "Agents in the field: enrol, run, carry by hand, admit, revoke",
    "send-test": "Send one marked test message through a receiver",
    "backup": "Everything remembered, in one encrypted file, while the service runs",
    "restore": "A backup into an empty store; --verify rehearses it and changes nothing",
    "migrate": "The store's schema up or down; the history of series into another store",
    "setup-services": "Keys, users and configuration of broker and database, once, for several processes",
    "simulate": "Try the detectors on networks that never were, from a seed",
    "influx": "Set up and check InfluxDB; what waits for it, and what it refused",
    "doctor": "Look for what keeps Dabyl from working well on this machine",
    "lab": "See how interference looks and is judged, in a censor's laboratory (from a checkout)",
    "init": "Copy the default configuration into a directory of your own",
}

OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000

EXAMPLES: Final = """\b
Examples:
  dabyl run                                start, then open the address it prints
  dabyl demo --speed 3600                  an hour of January 2022 each second
  dabyl check                              is my configuration right?
  echo '{"id":"1","text":"В Алматы задержали 20 активистов"}' | dabyl inspect text -

Where things are: --data or DABYL_DATA (stores), --config or DABYL_CONFIG (your own configuration).
"""


class LazyGroup(click.Group):
    """A group whose commands live in modules named after them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"monitor.cli.{cmd_name.replace('-', '_').replace('import', 'import_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dabyl")
@click.option("--data", type=click.Path(file_okay=False), help="Directory of the stores (DABYL_DATA).")
@click.option("--config", type=click.Path(file_okay=False), help="Directory of your own configuration (DABYL_CONFIG).")
def root(data: str | None, config: str | None) -> None:
    """Dabyl: real-time protest and internet-shutdown monitor for Kazakhstan."""
    if data:
        os.environ["DABYL_DATA"] = data
    if config:
        os.environ["DABYL_CONFIG"] = config


def main() -> None:
    """Run the command line; every expected failure becomes one clear message and a non-zero exit."""
    # Configuration and lexicons are a great many objects without cycles: looking for some each 700 costs a third of the start.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = root.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = _say("interrupted; what was committed is kept", 130)
    except ConfigurationError as error:
        code = _say(f"{len(error.problems)} problem(s) in the configuration:\n{error}", 2)
    except SettingsError as error:
        code = _say(str(error), 2)
    except (StoreUnavailableError, AccessDeniedError, UnavailableError) as error:
        code = _say(error.reason, 1)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); say nothing and leave nothing to be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _say(message: str, code: int) -> int:
    click.echo(f"dabyl: {message}", err=True)
    return code
