"""Runs every measurement, one line of JSON a figure. The long drills (faults, flood, soak) are `make drills`."""

from bench import alerts, detect, feeds, influx, probes, replay, start, store, text

if __name__ == "__main__":
    for part in (text, feeds, replay, store, alerts, start, influx, detect, probes):
        part.main()
