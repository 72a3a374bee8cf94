"""Model files, which may be hostile: what they say is read, within bounds, and nothing else is done with them.

Of an archive only the member `config.json` is read, of an HDF5 file only the attribute `model_config`: never the
weights. Nothing is unpacked to disk, nothing is written, no name in a file is opened or imported.
"""

from __future__ import annotations

import io
import os

from modelcost.errors import ModelCostError, short
from modelcost.files import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

LARGEST_TEXT = 32 * 2**20
"""Bytes of configuration that are read at most: about ten times that of the largest networks there are."""
LARGEST_DIRECTORY = 4 * 2**20
"""Bytes of an archive's list of members, likewise."""
LARGEST_RATIO = 500
"""How many times its compressed size a large configuration may be."""
MOST_VALUES = 4_000_000
"""Values in a configuration: what they take in memory is bounded by their number, not by the length of the text."""

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"


def read(path: str) -> Any:
    """What a model file says, as plain data: dicts, lists, strings and numbers.

    Raises `ModelCostError` for a file that cannot be read, is not what its ending says, or is out of bounds.
    """
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise ModelCostError(f"{short(path)}: unknown ending of a model file {short(ending)}; known are: {known}")
    try:
        with opened(path) as file:
            return ENDINGS[ending](path, file)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ModelCostError(f"{short(path)}: {why}") from None


def _from_json(path: str, file: Any) -> Any:
    start = file.read(len(HDF5))
    if start == HDF5 or start.startswith(ZIP):
        what = "an HDF5 file; rename it .h5" if start == HDF5 else "an archive; rename it .keras"
        raise ModelCostError(f"this is no JSON text but {what}")
    return parsed(start + _bounded(file, LARGEST_TEXT - len(start)))


def _from_archive(path: str, file: Any) -> Any:
    start = file.read(len(HDF5))
    if start == HDF5:  # TensorFlow before 2.12 wrote its .keras files so
        return _from_hdf5(path, file)
    if not start.startswith(ZIP):
        raise ModelCostError("this is no .keras archive; save the model anew with model.save('net.keras')")
    return parsed(member(file, "config.json"))


def _from_hdf5(path: str, file: Any) -> Any:
    file.seek(0)
    if file.read(len(HDF5)) != HDF5:
        raise ModelCostError("this is no HDF5 file; save the model anew with model.save('net.keras')")
    try:
        import h5py  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ModelCostError(
            "reading HDF5 needs h5py: pip install 'modelcost[h5]', or save the model as .keras or JSON"
        ) from None
    try:
        with h5py.File(path, "r") as archive:
            text = archive.attrs.get("model_config")
    except (OSError, RuntimeError, KeyError, TypeError, UnicodeError, MemoryError) as error:
        raise ModelCostError(f"this is a broken HDF5 file: {short(str(error))}") from None
    if not isinstance(text, str | bytes):
        raise ModelCostError("it has no model_config: weights alone say no architecture; save the whole model")
    return parsed(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)


def _from_yaml(path: str, file: Any) -> Any:
    from modelcost.importers.yaml_text import LARGEST, yaml_text

    try:
        return yaml_text(_bounded(file, LARGEST).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ModelCostError("this is no text in UTF-8") from None


ENDINGS: dict[str, Callable[[str, Any], Any]] = {
    ".keras": _from_archive,
    ".json": _from_json,
    ".h5": _from_hdf5,
    ".hdf5": _from_hdf5,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
}
"""The endings of model files, and how each is read."""


class _Careful(io.RawIOBase):
    """A file that gives no more at a time than an honest archive's list of members takes."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset < 0 and whence == 0:
            raise EOFError("a member lies before the beginning of the file")
        return int(self.file.seek(offset, whence))

    def tell(self) -> int:
        return int(self.file.tell())

    def read(self, length: int = -1) -> bytes:
        data = bytes(self.file.read(LARGEST_DIRECTORY + 1 if length < 0 else min(length, LARGEST_DIRECTORY + 1)))
        if len(data) > LARGEST_DIRECTORY:
            raise ModelCostError("its list of members is too long")
        return data


def member(file: Any, name: str) -> bytes:
    """One member of an archive, held in memory, within bounds, whatever the archive says of its size."""
    from lzma import LZMAError
    from struct import error as struct_error
    from zipfile import BadZipFile, ZipFile
    from zlib import error as zlib_error

    broken = (BadZipFile, struct_error, zlib_error, LZMAError, EOFError, RuntimeError, ValueError, LookupError, OSError)
    try:
        with ZipFile(_Careful(file)) as archive:
            for other in archive.namelist():
                _plain_name(other)
            with archive.open(_honest(archive, name)) as stream:
                return b"".join(_pieces(stream))
    except ModelCostError:
        raise
    except broken as error:
        raise ModelCostError(f"this is a broken archive: {short(str(error))}") from None


def _honest(archive: Any, name: str) -> Any:
    """The entry of a member, which must be there once, plainly packed, and not say of itself that it is a bomb."""
    found = [entry for entry in archive.infolist() if entry.filename == name]
    if len(found) != 1:
        raise ModelCostError(f"an archive of a Keras model has one {name}; this one has {len(found)}")
    (entry,) = found
    if entry.flag_bits & 1:
        raise ModelCostError(f"its {name} is encrypted")
    if entry.compress_type not in (0, 8):
        raise ModelCostError(f"its {name} is packed in a way that Keras does not use")
    if entry.file_size > LARGEST_TEXT:
        raise ModelCostError(f"its {name} has {entry.file_size} bytes; at most {LARGEST_TEXT} are read")
    if entry.file_size > 2**20 and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
        raise ModelCostError(f"its {name} unpacks to more than {LARGEST_RATIO} times its size")
    return entry


def _plain_name(name: str) -> None:
    """Refuse an archive with a name that leads out of it: nothing is unpacked, but no honest one has any."""
    parts = name.replace("\\", "/").split("/")
    if name[:1] in ("/", "\\") or ".." in parts or ":" in parts[0] or not name.isprintable():
        raise ModelCostError(f"it has a member with an impossible name, {short(name)}")


def _pieces(stream: Any) -> Iterator[bytes]:
    """What a member unpacks to, a little at a time; no more of it than is read at most."""
    left = LARGEST_TEXT
    while piece := stream.read(2**20):
        left -= len(piece)
        if left < 0:
            raise ModelCostError(f"it has more than {LARGEST_TEXT} bytes of configuration, the most that are read")
        yield piece


def _bounded(stream: Any, most: int) -> bytes:
    data = bytes(stream.read(most + 1))
    if len(data) > most:
        raise ModelCostError(f"it has more than {most} bytes of configuration, the most that are read")
    return data


def parsed(data: bytes) -> Any:
    """JSON text as plain data; an error where it is not JSON, has a key twice or more values than are read.

    >>> parsed(b'{"units": 10}')
    {'units': 10}
    """
    import json

    if len(data) > LARGEST_TEXT:
        raise ModelCostError(f"it has more than {LARGEST_TEXT} bytes of configuration, the most that are read")
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ModelCostError(f"it has more than {MOST_VALUES} values, the most that are read")
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unrepeated)
    except UnicodeDecodeError:
        raise ModelCostError("its text is not UTF-8") from None
    except RecursionError:
        raise ModelCostError("its values are nested too deep") from None
    except ModelCostError:
        raise
    except ValueError as error:
        raise ModelCostError(f"this is no JSON text: {short(str(error))}") from None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelCostError(f"the key {short(twice)} stands twice in it")
    return found
