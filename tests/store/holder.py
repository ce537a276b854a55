"""A process to be killed: takes the lock of a data directory, says so, and waits."""

import signal
import sys
from pathlib import Path

from monitor.runtime.clock import SystemClock
from monitor.store.lock import DataLock

if __name__ == "__main__":
    with DataLock(Path(sys.argv[1]), SystemClock()):
        print("holding", flush=True)
        signal.pause()
