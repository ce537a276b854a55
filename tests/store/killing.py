"""Starting our own processes and killing them at a moment of the test's choice."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(module: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill(process: "subprocess.Popen[str]") -> list[str]:
    """Kill -9, and all it had said."""
    process.kill()
    assert process.stdout is not None
    said = process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    return said


def hear(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """Wait until it has said that many lines."""
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(lines)]
