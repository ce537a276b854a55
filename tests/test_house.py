"""The rules of the house, as tests: sizes, names, time, tasks, broad catches, secrets, docs."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("monitor", "collectors", "alerts")
SOURCES = sorted(
    file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "defaults" not in file.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "core", "misc"}
MAY_CATCH_ALL = {"monitor/runtime/supervisor.py", "monitor/runtime/isolate.py", "alerts/dispatcher.py"}
MAY_READ_TIME = {"monitor/runtime/clock.py"}
MAY_START_TASKS = {"monitor/runtime/supervisor.py"}
TASK_STARTERS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}
ABBREVIATIONS = {"cfg", "ctx", "msg", "req", "resp", "mgr", "idx", "tmp", "cnt", "btn", "usr", "pwd", "num", "addr"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_no_file_is_longer_than_400_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("file", TESTS, ids=name_of)
def test_no_test_file_is_longer_than_500_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 500


def test_functions_are_short() -> None:
    lengths = [(lines(node), f"{name_of(file)}:{node.name}") for file in SOURCES for node in functions(file)]
    assert not [entry for entry in lengths if entry[0] > 60]
    assert statistics.median(length for length, _ in lengths) < 10


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_every_module_says_what_it_does(file: Path) -> None:
    assert ast.get_docstring(tree(file))


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [name_of(file) for file in SOURCES if file.stem in FORBIDDEN_NAMES]


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_time_is_given_and_never_read(file: Path) -> None:
    if name_of(file) in MAY_READ_TIME:
        return
    calls = {ast.unparse(node.func) for node in ast.walk(tree(file)) if isinstance(node, ast.Call)}
    read = {"datetime.now", "datetime.utcnow", "time.time", "time.monotonic", "date.today", "datetime.today"}
    assert not calls & read


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_only_the_supervisor_starts_tasks(file: Path) -> None:
    if name_of(file) in MAY_START_TASKS:
        return
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TASK_STARTERS:
            # A TaskGroup inside one function is bounded fan-out and cannot outlive it.
            owner = ast.unparse(node.func.value)
            assert owner in {"group", "tasks", "task_group"}, f"line {node.lineno}"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_no_broad_catch_outside_supervisor_and_dispatcher(file: Path) -> None:
    if name_of(file) in MAY_CATCH_ALL:
        return
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            reraised = any(isinstance(step, ast.Raise) and step.exc is None for step in ast.walk(node))
            assert caught not in broad or reraised, f"line {node.lineno}"


@pytest.mark.parametrize("file", TESTS, ids=name_of)
def test_nothing_sleeps_in_tests(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep", "sleep"}:
            zero = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
            assert zero, f"line {node.lineno}"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_names_are_words(file: Path) -> None:
    named = {node.id for node in ast.walk(tree(file)) if isinstance(node, ast.Name)}
    named |= {argument.arg for node in functions(file) for argument in node.args.args + node.args.kwonlyargs}
    parts = {part for name in named for part in name.strip("_").split("_")}
    allowed = {"ctx"} if "/cli/" in name_of(file) else set()
    assert not (parts & ABBREVIATIONS) - allowed


def text_files() -> list[Path]:
    endings = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".html", ".js", ".css", ".cfg", ".in", ".service", ""}
    skip = {
        ".git",
        ".venv",
        "dist",
        "build",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
    }
    return [
        file
        for file in ROOT.rglob("*")
        if file.is_file() and file.suffix in endings and not skip & set(file.relative_to(ROOT).parts)
    ]


def test_no_file_names_a_machine_path_or_a_registry() -> None:
    forbidden = re.compile(
        "|".join(["/wor" + "k/", "/ro" + "ot/", "/home/[a-z]", "pypi" + r"\.org", "npmjs" + r"\.(com|org)"])
    )
    for file in text_files():
        found = forbidden.search(file.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{name_of(file)}: {found.group() if found else ''}"


def test_nothing_is_left_to_do() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    assert not [name_of(file) for file in SOURCES if words.search(file.read_text(encoding="utf-8"))]
