"""Open a file that is to be read, and nothing that only looks like one: a pipe or a device may never end."""

from __future__ import annotations

import os
import stat
from errno import EINVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
"""What may have the name of a file and is none; all others are devices."""


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """A file, opened to read its bytes.

    Raises `OSError`, whose `strerror` says why: there is none, it may not be read, or it is a folder, a pipe or a
    device, which are not opened.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except ValueError as error:  # a name that no file can have
        raise OSError(EINVAL, str(error), str(path)) from None
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "a device")
        raise OSError(EINVAL, f"it is {kind}, and only files are read", str(path))
    return open(path, "rb")  # noqa: PTH123
