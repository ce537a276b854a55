"""Starting the agent small: the same command in the same process, without docstrings and compiled beforehand.

Docstrings of all libraries are 2 of the 60 MiB that an agent may use, and compiling at each start costs more than that
where the installation cannot be written to.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click


def start_small(folder: Path) -> None:
    """Become the small form of this very command; returns at once where it is that already.

    Args:
        folder: the agent's own; what is compiled is kept in it.
    """
    if sys.flags.optimize < 2:
        _become_small(folder / "compiled")


def _become_small(compiled: Path) -> NoReturn:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The same places to import from, the working directory only if it was one of them.
    command = [sys.executable, "-OO", "-P", "-c"]
    path = f"import sys; sys.path[:] = {sys.path!r}"
    if not compiled.is_dir():
        click.echo("Compiling once ...")
        subprocess.run([*command, f"{path}; import monitor.cli.agent_run"], env=environment, check=False)  # noqa: S603
    start = f"{path}; sys.argv[0] = 'dabyl'; from monitor.__main__ import main; main()"
    os.execve(sys.executable, [*command, start, *sys.argv[1:]], environment)  # noqa: S606
