"""A process to be killed: migrates a database, and says a line before each statement and around the commit."""

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from monitor.store.engines import file_engines
from monitor.store.migrating import migrate


def say(*_: Any) -> None:
    print("next", flush=True)


def main(path: Path) -> None:
    engines = file_engines(path)
    event.listen(engines.writing, "before_cursor_execute", say)
    event.listen(engines.writing, "commit", say)
    migrate(engines.writing)
    while True:
        say()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
