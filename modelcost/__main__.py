"""`python -m modelcost` is the command `modelcost`."""

from __future__ import annotations

import sys

from modelcost.cli import main

sys.exit(main())
