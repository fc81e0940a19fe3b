"""``trispike``, or ``python -m trispike.sim``."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from trispike.sim import cli
    except KeyboardInterrupt:  # the imports take a second
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    try:
        cli.main()
    except KeyboardInterrupt:
        sys.exit(cli.INTERRUPTED)


if __name__ == "__main__":
    main()
