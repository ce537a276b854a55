"""Log lines: what never stands in them."""

import logging
from collections.abc import Iterator

import pytest

from monitor.configuration import load_masker
from monitor.runtime.logs import set_up

SECRETS = ("8 701 123 45 67", "ivan@mail.ru", "Нурлан Сериков", "@ivan_petrov", "123 ABC 02", "900101300123")


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_private_person_stands_in_a_line_or_a_trace(
    capsys: pytest.CaptureFixture[str], form: str, secret: str
) -> None:
    set_up("INFO", form, load_masker(None).mask)
    try:
        raise ValueError(f"cannot read: задержан {secret} в Уральске")
    except ValueError:
        logging.getLogger("part").exception("report of %s", secret)
    written = capsys.readouterr().err
    assert secret not in written
    assert "ValueError" in written
    assert "Уральске" in written


def test_passwords_in_addresses_go_without_any_list(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("INFO", "text")
    logging.getLogger("part").warning("no answer from socks5://ivan:hunter2@proxy.test:1080")
    assert "[…]" in (written := capsys.readouterr().err)
    assert "hunter2" not in written
