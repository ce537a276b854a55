"""IPv4 and IPv6 apart: what a story says of one of them is held against the verdict on that one alone."""

from dataclasses import replace
from typing import Final, Literal
from urllib.parse import urlsplit

from monitor.detect.verdict import judge
from monitor.domain.measurements import HttpStep, Measurement, Verdict

WITHOUT_PAGE: Final = {"https": ("tls", 443), "http": ("tcp", 80)}


def judge_family(measurement: Measurement, family: Literal[4, 6]) -> Verdict:
    """The verdict on IPv4 or IPv6 alone. Where no page was asked for over it, connection and handshake decide."""
    steps = tuple(step for step in measurement.steps if step.family in {None, family})
    url = measurement.url
    if not any(isinstance(step, HttpStep) and step.family == family for step in steps):
        steps = tuple(step for step in steps if not isinstance(step, HttpStep))
        parts = urlsplit(url)
        if parts.scheme in WITHOUT_PAGE:
            scheme, port = WITHOUT_PAGE[parts.scheme]
            url = f"{scheme}://{parts.netloc if parts.port else f'{parts.netloc}:{port}'}"
    return judge(replace(measurement, steps=steps, url=url))
