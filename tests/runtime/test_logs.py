"""Log lines: what never stands in them."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from monitor.configuration import load_masker
from monitor.runtime.logs import set_up

SECRETS = ("8 701 123 45 67", "ivan@mail.ru", "Нурлан Сериков", "@ivan_petrov", "123 ABC 02", "900101300123")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_private_person_stands_in_a_line_or_a_trace(written: io.StringIO, form: str, secret: str) -> None:
    set_up("INFO", form, load_masker(None).mask)
    try:
        raise ValueError(f"cannot read: задержан {secret} в Уральске")
    except ValueError:
        logging.getLogger("part").exception("report of %s", secret)
    assert secret not in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert "Уральске" in written.getvalue() or form == "json"


def test_passwords_in_addresses_go_without_any_list(written: io.StringIO) -> None:
    set_up("INFO", "text")
    logging.getLogger("part").warning("no answer from socks5://ivan:hunter2@proxy.test:1080")
    assert "hunter2" not in written.getvalue()
