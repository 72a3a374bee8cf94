"""For all tests: none fails for being slow, since machines are busy.

Random examples are new ones each time, but for continuous integration: a rare one must not stop a change there.
NumPy solves its small systems on one thread: more of them, on a busy machine, wait for each other many times as long.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is loaded

from hypothesis import settings

settings.register_profile("patient", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("patient")
