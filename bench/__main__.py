"""Runs every measurement, one line of JSON a figure."""

from bench import detect, feeds, probes, replay, text

if __name__ == "__main__":
    for part in (text, feeds, probes, replay, detect):
        part.main()
