"""python -m proxx."""

import sys

from proxx.cli import main

sys.exit(main())
