"""What runs inside a worker: takes a call from standard input, answers on standard output, under hard limits.

The CPU limit is per call: after each the soft limit is moved on, and the kernel ends the process that passes it.
"""

import importlib
import math
import pickle
import resource
import struct
import sys
from typing import BinaryIO

_LENGTH = struct.Struct(">Q")


def main() -> None:
    """Answer calls until the pipe closes."""
    cpu_seconds, memory_bytes = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    while question := _read(source):
        _allow(cpu_seconds)
        answer = _answer(question)
        answers.write(_LENGTH.pack(len(answer)))
        answers.write(answer)
        answers.flush()


def _read(source: BinaryIO) -> bytes:
    head = source.read(_LENGTH.size)
    return source.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""


def _allow(cpu_seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _answer(question: bytes) -> bytes:
    function, arguments = pickle.loads(question)  # noqa: S301 - written by our own parent
    module, _, name = function.partition(":")
    try:
        return pickle.dumps((True, getattr(importlib.import_module(module), name)(*arguments)))
    except (ValueError, RecursionError) as error:
        return pickle.dumps((False, str(error) or type(error).__name__))
    except MemoryError:
        return pickle.dumps((False, "needs too much memory"))


if __name__ == "__main__":
    main()
