"""Runs every measurement, one line of JSON a figure."""

from bench import detect, feeds, influx, probes, replay, store, text

if __name__ == "__main__":
    for part in (text, feeds, replay, store, influx, detect, probes):
        part.main()
