"""Reading: posts of 1,000 characters per second of one core, beside the floor of lower-casing and splitting alone."""

import random
import re

from bench.figures import rates, say
from monitor.configuration_reading import load_reading

WORDS = (
    "город область жители вчера сегодня сообщили цены хлеб школа дорога ремонт погода власти аким проект новый первый "
    "компания работа дети вода газ тариф рынок услуги район улица дом квартира центр больница врач закон суд депутат"
).split()
EVENTS = ("митинг у акимата Алматы", "задержали активистов в Актау", "отключили интернет в Семее")


def posts(count: int, seed: int = 7) -> list[str]:
    """Russian-like posts of 1,000 characters; every twentieth speaks of an event."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        body = " ".join(dice.choice(WORDS) + dice.choice(("", "а", "ы", "ов", "ам")) for _ in range(160))
        event = f"{dice.choice(EVENTS)}. " if number % 20 == 0 else ""
        made.append(f"{event}{body}"[:1000].ljust(1000, "."))
    return made


def main() -> None:
    reader = load_reading(None).reader
    sample = posts(1000)
    word = re.compile(r"\w+")

    def ours() -> int:
        return sum(1 for text in sample if reader.read(text).language)

    def floor() -> int:
        return sum(1 for text in sample if word.findall(text.lower()))

    found = rates({"reader": ours, "lower and split": floor})
    say(
        "text",
        posts_per_second=round(found["reader"]),
        ratio_to_lower_and_split=round(found["reader"] / found["lower and split"], 3),
    )


if __name__ == "__main__":
    main()
