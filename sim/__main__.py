"""``python -m sim``."""

import sys

try:
    from sim.cli import INTERRUPTED, main
except KeyboardInterrupt:  # the imports take a second
    print("interrupted", file=sys.stderr)
    sys.exit(130)

try:
    main()
except KeyboardInterrupt:
    sys.exit(INTERRUPTED)
