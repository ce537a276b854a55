"""Feeds of 50 Russian items: parsed with dates and plain text, beside feedparser where it is installed."""

import importlib.util
import random

from bench.figures import rates, say
from bench.text import WORDS
from collectors.feed_parse import parse_feed


def feed(seed: int) -> bytes:
    """One feed of about 100 KiB."""
    dice = random.Random(seed)
    items = []
    for number in range(50):
        body = " ".join(dice.choice(WORDS) for _ in range(140))
        items.append(
            f"<item><title>{body[:60]}</title><link>https://site.test/{number}</link><guid>{seed}-{number}</guid>"
            f"<pubDate>Wed, 05 Jan 2022 {number % 24:02d}:00:00 +0600</pubDate>"
            f"<description>&lt;p&gt;{body}&lt;/p&gt;&lt;p&gt;{body[:300]}&lt;br/&gt;&amp;amp;&lt;/p&gt;</description></item>"
        )
    head = '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>Лента</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode("windows-1251")


def main() -> None:
    feeds = [feed(seed) for seed in range(10)]
    cases = {"dabyl": lambda: sum(1 for body in feeds if len(parse_feed(body).entries) == 50)}
    if importlib.util.find_spec("feedparser"):
        import feedparser  # noqa: PLC0415 - a peer that need not be there

        cases["feedparser"] = lambda: sum(1 for body in feeds if len(feedparser.parse(body).entries) == 50)
    found = rates(cases)
    peer = found.get("feedparser")
    say(
        "feeds",
        feeds_per_second=round(found["dabyl"]),
        ratio_to_feedparser=round(found["dabyl"] / peer, 1) if peer else None,
    )


if __name__ == "__main__":
    main()
