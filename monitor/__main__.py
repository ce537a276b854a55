"""`python -m monitor`, the same as `dabyl`."""

from monitor.cli.root import main

if __name__ == "__main__":
    main()
