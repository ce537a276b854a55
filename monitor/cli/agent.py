"""`dabyl agent`: agents in the field, on their own device (enrol, run, export) and at the core (admit, revoke, import)."""

import importlib
from typing import Final

import click

COMMANDS: Final = {
    "enrol": ("agent_enrol", "Make an agent on this device: key, consent and configuration in one dialogue"),
    "run": ("agent_run", "Run the agent of this device"),
    "export": ("agent_carry", "Write what waits into a file, to be carried by hand"),
    "import": ("agent_carry", "Read such a file at the core, or the core's receipt at the agent"),
    "keys": ("agent_core", "Show the core's key and the agents that are trusted; make an invitation"),
    "admit": ("agent_core", "Trust an agent from now on, by its request"),
    "revoke": ("agent_core", "Trust an agent no more, at once"),
    "status": ("agent_core", "How this device's agent is, and how the core's agents are"),
}

EXAMPLES: Final = """\b
Examples:
  dabyl agent keys --invitation --broker broker.example.org     (core)  give its line to who hosts an agent
  dabyl agent enrol                                             (agent) a dialogue; it prints a request
  dabyl agent admit REQUEST                                     (core)
  dabyl agent run                                               (agent)
"""


class _Agent(click.Group):
    """A group that imports a command when it is asked for: an agent runs on a small device."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"monitor.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("import", "import_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(cls=_Agent, epilog=EXAMPLES)
def command() -> None:
    """Agents in the field: probes that go on when the network is cut, and hand over when it is back."""
