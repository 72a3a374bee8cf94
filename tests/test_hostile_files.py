"""Model files that were made to do harm, or that are broken: each is refused, clearly, fast and in little memory."""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import json
import os
import struct
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelcost.errors import ModelCostError
from modelcost.importers import archives, load
from modelcost.importers.keras_config import MOST_CALLS, model_of
from modelcost.model import Model

with contextlib.suppress(ImportError):
    import h5py  # noqa: F401  # what it does when it is loaded is its own affair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 5.0  # generous: the machine may be busy; each case takes a small part of it


def tensor(name: Any, call: Any = 0, output: Any = 0, shape: Any = (None, 8)) -> dict[str, Any]:
    config = {"shape": list(shape), "dtype": "float32", "keras_history": [name, call, output]}
    return {"class_name": "__keras_tensor__", "config": config}


def record(kind: str, name: str, on: list[Any] | None = None, **config: Any) -> dict[str, Any]:
    nodes = [{"args": [tensor(one)], "kwargs": {}} for one in on or []]
    return {
        "module": "keras.layers",
        "class_name": kind,
        "registered_name": None,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": nodes,
    }


def functional(layers: list[Any], inputs: Any, outputs: Any, name: str = "net") -> dict[str, Any]:
    config = {"name": name, "trainable": True, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "registered_name": "Functional",
        "config": config,
    }


def dense_net(**dense: Any) -> dict[str, Any]:
    layers = [
        record("InputLayer", "x", batch_shape=[None, 8], dtype="float32"),
        record("Dense", "d", ["x"], **{"units": 4, "activation": "relu", **dense}),
    ]
    return functional(layers, [["x", 0, 0]], [["d", 0, 0]])


def sequential(*layers: dict[str, Any], **config: Any) -> dict[str, Any]:
    first = record("InputLayer", "x", batch_shape=config.pop("batch_shape", [None, 16, 16, 3]), dtype="float32")
    return {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {"name": "net", "layers": [first, *layers], **config},
    }


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return file.getvalue()


GOOD = json.dumps(dense_net()).encode()


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def lying(declared: int, real: int) -> bytes:
    """An archive whose config.json says that it has `declared` bytes and unpacks to `real`."""
    data = archive({"config.json": b" " * real})
    size = struct.pack("<I", real)
    return patched(data, size, struct.pack("<I", declared))


def nested_twice(levels: int) -> dict[str, Any]:
    """Models within each other, each called twice: a file of a few lines, and two to the power of `levels` calls."""
    inner = functional(
        [record("InputLayer", "i", batch_shape=[None, 8]), record("Dense", "d", ["i"], units=8)],
        [["i", 0, 0]],
        [["d", 0, 0]],
        "m0",
    )
    for level in range(1, levels):
        shared = {**inner, "name": f"m{level - 1}"}
        shared["inbound_nodes"] = [{"args": [tensor(one)], "kwargs": {}} for one in ("i", f"m{level - 1}")]
        inner = functional(
            [record("InputLayer", "i", batch_shape=[None, 8]), shared],
            [["i", 0, 0]],
            [[f"m{level - 1}", 2, 0]],
            f"m{level}",
        )
    return inner


def wrapped(levels: int) -> dict[str, Any]:
    layer = record("Dense", "d", units=3)
    for i in range(levels):
        layer = record("TimeDistributed", f"t{i}", layer=layer)
    return sequential(layer, batch_shape=[None, *[2] * 20, 3])


def circle() -> dict[str, Any]:
    layers = [
        record("InputLayer", "x", batch_shape=[None, 8]),
        record("Dense", "a", ["b"], units=8),
        record("Dense", "b", ["a"], units=8),
    ]
    return functional(layers, [["x", 0, 0]], [["b", 0, 0]])


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    config: Any = dense_net()
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return dict(config)


LAYERS, DENSE = ["config", "layers"], ["config", "layers", 1]
HUGE = 10**30

CONFIGS: dict[str, tuple[Callable[[], Any], str]] = {
    "a number": (lambda: 5, "must be a dict with class_name"),
    "a list": (lambda: [dense_net()], "must be a dict with class_name"),
    "nothing": (dict, "must be a dict with class_name"),
    "null": (lambda: None, "must be a dict with class_name"),
    "a layer, no model": (lambda: record("Dense", "d", units=3), "no model"),
    "a subclassed model": (lambda: {"class_name": "MyNet", "module": "me", "config": {"units": 3}}, "subclassed model"),
    "a class of its author's with a graph": (
        lambda: {**dense_net(), "module": "me", "class_name": "MyNet"},
        "its author's",
    ),
    "config is a number": (lambda: {"class_name": "Sequential", "config": 7}, "no list of layers"),
    "layers is a word": (lambda: changed(LAYERS, "os.system"), "no list of layers"),
    "a layer that is a number": (lambda: changed(DENSE, 3), "a layer must be a dict"),
    "units 10**30": (lambda: dense_net(units=HUGE), "at most 2\\*\\*63-1"),
    "units of a thousand digits": (lambda: dense_net(units=10**1000), "at most 2\\*\\*63-1"),
    "units negative": (lambda: dense_net(units=-1), "at least 1"),
    "units a word": (lambda: dense_net(units="4"), "whole number"),
    "units a list": (lambda: dense_net(units=[4]), "whole number"),
    "units a truth": (lambda: dense_net(units=True), "whole number"),
    "units missing": (lambda: changed([*DENSE, "config"], {"name": "d"}), "needs units"),
    "use_bias a number": (lambda: dense_net(use_bias=3), "True or False"),
    "an unknown argument": (lambda: dense_net(secret=3), "unknown argument"),
    "an activation of a file's own": (
        lambda: dense_net(activation={"class_name": "function", "config": "system", "module": "os"}),
        "never run",
    ),
    "an activation in code": (
        lambda: dense_net(activation={"class_name": "__lambda__", "config": {"value": "4wE="}}),
        "never run",
    ),
    "an activation that is none": (lambda: dense_net(activation="os.system"), "unknown activation"),
    "an activation nested in itself": (
        lambda: dense_net(activation=record("Activation", "a", activation=record("Activation", "b"))),
        "needs activation",
    ),
    "a dtype that is none": (lambda: dense_net(dtype="float31"), "unknown dtype"),
    "a dtype policy without a config": (lambda: dense_net(dtype={"class_name": "DTypePolicy"}), "dtype policy"),
    "a regularizer that is none": (
        lambda: dense_net(kernel_regularizer={"class_name": "Evil", "config": {}}),
        "unknown regularizer",
    ),
    "an input of 10**30": (lambda: changed([*LAYERS, 0, "config", "batch_shape"], [None, HUGE]), "at most 2\\*\\*63-1"),
    "an input of a million axes": (
        lambda: changed([*LAYERS, 0, "config", "batch_shape"], [None, *[2] * 1_000_000]),
        "at most 64",
    ),
    "an input that is a number": (lambda: changed([*LAYERS, 0, "config", "batch_shape"], 8), "."),
    "a name with control characters": (lambda: changed([*DENSE, "name"], "d\x1b[2J"), "control characters"),
    "a name of a million letters": (lambda: changed([*DENSE, "name"], "d" * 1_000_000), "a layer's name"),
    "a name that is a number": (lambda: changed([*DENSE, "name"], 3), "a layer's name"),
    "half a letter as a name": (lambda: changed([*DENSE, "name"], "\ud800"), "a layer's name"),
    "a model's name with control characters": (lambda: changed(["config", "name"], "n\r\n"), "a model's name"),
    "two layers of one name": (lambda: changed([*LAYERS, 0, "name"], "d"), "two layers are called 'd'"),
    "a circle": (circle, "in a circle"),
    "called on itself": (lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [tensor("d")]), "in a circle"),
    "called on what is not there": (
        lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [tensor("ghost")]),
        "'ghost', which is no layer",
    ),
    "called on a call that is not there": (
        lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [tensor("x", 7)]),
        "call 7",
    ),
    "called on an output that is not there": (
        lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [tensor("x", 0, 9)]),
        "output 9",
    ),
    "called on the call before the first": (
        lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [tensor("x", -1)]),
        "a tensor must be",
    ),
    "called on a word": (lambda: changed([*DENSE, "inbound_nodes", 0, "args"], ["x"]), "called on 'x'"),
    "called on nothing": (lambda: changed([*DENSE, "inbound_nodes", 0, "args"], []), "."),
    "calls that are a word": (lambda: changed([*DENSE, "inbound_nodes"], "x"), "inbound_nodes must be a list"),
    "a call that is a number": (lambda: changed([*DENSE, "inbound_nodes"], [3]), "a call must be"),
    "an argument in code": (
        lambda: changed([*DENSE, "inbound_nodes", 0, "args"], [{"class_name": "__lambda__", "config": {}}]),
        "plain data",
    ),
    "outputs that are not there": (lambda: changed(["config", "output_layers"], [["ghost", 0, 0]]), "no call 0"),
    "outputs that are a word": (lambda: changed(["config", "output_layers"], "d"), "output_layers must be tensors"),
    "no outputs": (lambda: changed(["config", "output_layers"], []), "output_layers must be tensors"),
    "inputs that are no inputs": (lambda: changed(["config", "input_layers"], [["d", 0, 0]]), "must come from Input"),
    "an input that is called": (
        lambda: changed([*LAYERS, 0, "inbound_nodes"], [{"args": [tensor("d")], "kwargs": {}}]),
        "an input is not called",
    ),
    "models nested 1000 deep": (lambda: deep(1000), "within each other|too deep"),
    "models called twice, 40 deep": (lambda: nested_twice(39), f"more than {MOST_CALLS} calls"),
    "a layer wrapped 19 times": (lambda: wrapped(300), "too deep|expected|axes"),
    "100000 layers": (
        lambda: sequential(*[record("Flatten", f"f{i}") for i in range(100_000)]),
        "more than 10000 layers",
    ),
    "a Lambda": (
        lambda: sequential(record("Lambda", "l", function={"class_name": "__lambda__", "config": {"code": "4wE="}})),
        "Python code",
    ),
    "a class of its author's": (lambda: sequential({**record("Dense", "d", units=3), "module": "os"}), "its author's"),
    "a module to import": (
        lambda: sequential({**record("Evil", "e"), "module": "evil_module_of_a_file"}),
        "its author's",
    ),
    "a class within a class": (lambda: sequential(record("__class__.__base__", "e")), "not known here"),
    "a shape of a million axes": (
        lambda: sequential(record("Reshape", "r", target_shape=[1] * 1_000_000)),
        "at most 64",
    ),
    "pooling into 10**12 windows": (
        lambda: sequential(record("AdaptiveMaxPooling2D", "p", output_size=[10**12, 1])),
        ".",
    ),
    "cropping more than there is": (lambda: sequential(record("Cropping2D", "c", cropping=[[9, 9], [0, 0]])), "."),
}


def deep(levels: int) -> dict[str, Any]:
    model = sequential(record("Dense", "d", units=3))
    for i in range(levels):
        model = sequential({**model, "name": f"m{i}"})
    return model


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty .keras": (".keras", lambda: b"", "no .keras archive"),
    "empty .json": (".json", lambda: b"", "no JSON"),
    "empty .h5": (".h5", lambda: b"", "no HDF5"),
    "a picture": (".keras", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no .keras archive"),
    "a picture called .h5": (".h5", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no HDF5"),
    "a picture called .json": (".json", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not UTF-8"),
    "an archive called .json": (".json", lambda: archive({"config.json": GOOD}), "rename it .keras"),
    "an HDF5 file called .json": (".json", lambda: archives.HDF5 + b"\0" * 100, "rename it .h5"),
    "an archive called .h5": (".h5", lambda: archive({"config.json": GOOD}), "no HDF5"),
    "a cut archive": (".keras", lambda: archive({"config.json": GOOD})[:-30], "broken archive"),
    "half an archive": (".keras", lambda: archive({"config.json": GOOD})[:200], "broken archive"),
    "an archive with a spoilt middle": (
        ".keras",
        lambda: patched(archive({"config.json": GOOD}, 0), b"relu", b"rulu"),
        "broken archive",
    ),
    "the first bytes of an archive": (".keras", lambda: archives.ZIP, "broken archive"),
    "a cut HDF5 file": (".h5", lambda: archives.HDF5 + b"\0" * 100, "HDF5"),
    "an archive of something else": (
        ".keras",
        lambda: archive({"a.txt": b"hello"}),
        "has one config.json; this one has 0",
    ),
    "two configurations": (".keras", lambda: two_configurations(), "this one has 2"),
    "a bomb that says so": (".keras", lambda: archive({"config.json": b" " * (40 * 2**20)}), "at most"),
    "a bomb of spaces": (".keras", lambda: archive({"config.json": b" " * (20 * 2**20)}), "500 times"),
    "a bomb that says it is small": (".keras", lambda: lying(100, 30 * 2**20), "broken archive|no JSON"),
    "a bomb that says it is huge": (".keras", lambda: lying(2**31, 1000), "at most"),
    "a bomb in bzip2": (".keras", lambda: archive({"config.json": b" " * 10**6}, zipfile.ZIP_BZIP2), "does not use"),
    "a bomb in lzma": (".keras", lambda: archive({"config.json": b" " * 10**6}, zipfile.ZIP_LZMA), "does not use"),
    "a name that leads out": (
        ".keras",
        lambda: archive({"config.json": GOOD, "../../evil.py": b"x"}),
        "impossible name",
    ),
    "a name from the root": (".keras", lambda: archive({"config.json": GOOD, "/etc/passwd": b"x"}), "impossible name"),
    "a name on a drive": (".keras", lambda: archive({"config.json": GOOD, "C:\\evil": b"x"}), "impossible name"),
    "a name with control characters": (
        ".keras",
        lambda: archive({"config.json": GOOD, "a\x1b[2J": b"x"}),
        "impossible name",
    ),
    "an encrypted configuration": (".keras", lambda: encrypted(), "encrypted|broken"),
    "a hundred thousand members": (
        ".keras",
        lambda: archive({f"{'m' * 60}{i}": b"" for i in range(60_000)}, 0),
        "list of members is too long",
    ),
    "a configuration that is no JSON": (".keras", lambda: archive({"config.json": b"import os"}), "no JSON"),
    "a pickle": (".keras", lambda: archive({"config.json": b"\x80\x04cos\nsystem\n."}), "not UTF-8"),
    "text that is not UTF-8": (".json", lambda: b'{"class_name": "\xff\xfe"}', "not UTF-8"),
    "cut JSON": (".json", lambda: GOOD[:-20], "no JSON"),
    "a key twice": (".json", lambda: patched(GOOD, b'"units": 4', b'"units": 4, "units": 5'), "'units' stands twice"),
    "NaN units": (".json", lambda: patched(GOOD, b'"units": 4', b'"units": NaN'), "whole number"),
    "infinite units": (".json", lambda: patched(GOOD, b'"units": 4', b'"units": 1e999'), "whole number"),
    "a number of a million digits": (
        ".json",
        lambda: patched(GOOD, b'"units": 4', b'"units": 1' + b"0" * 10**6),
        "no JSON|at most",
    ),
    "lists nested a million deep": (".json", lambda: b"[" * 1_000_000, "too deep"),
    "dicts nested 100000 deep": (".json", lambda: b'{"config":' * 100_000, "too deep"),
    "ten million values": (".json", lambda: b"[" + b"0," * 10_000_000 + b"0]", "more than 4000000 values"),
    "more text than is read": (".json", lambda: b'"' + b" " * archives.LARGEST_TEXT + b'"', "more than"),
    "a report of ours": (".json", lambda: b'{"modelcost": "0.1.0", "layers": []}', "report of modelcost's"),
}


def two_configurations() -> bytes:
    data = archive({"config.json": GOOD, "confic.json": GOOD.replace(b'"units": 4', b'"units": 9')}, 0)
    return data.replace(b"confic.json", b"config.json")


def encrypted() -> bytes:
    data = bytearray(archive({"config.json": GOOD}))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    data[6] |= 1
    return bytes(data)


FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "shutil.rmtree",
    "tempfile.mkstemp",
    "tempfile.mkdtemp",
    "marshal.loads",
    "pickle.find_class",
    "ctypes.dlopen",
)
watching: list[list[str]] = []
"""What was done that a file must never bring about, while somebody watches."""


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not watching:
        return
    if event == "open" and "__pycache__" not in str(args[0]):
        mode, flags = args[1], args[2]
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        ):
            watching[-1].append(f"open {args[0]} for writing")
    elif event in FORBIDDEN and not (event == "marshal.loads" and _importing()):
        watching[-1].append(event)


def _importing() -> bool:
    """Whether Python is loading one of its own modules, which it keeps as marshalled code."""
    frame = sys._getframe()
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


class Watcher:
    """Is asked first for every module that is not loaded yet: only Python's own and ours may be."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        top = name.partition(".")[0]
        if watching and top != "modelcost" and (top not in sys.stdlib_module_names or top in ("pickle", "subprocess")):
            watching[-1].append(f"import {name}")


sys.addaudithook(_audit)
sys.meta_path.insert(0, Watcher())  # type: ignore[arg-type]


@contextlib.contextmanager
def harmless() -> Iterator[None]:
    """Nothing is written, run or imported within that a file could have asked for."""
    watching.append([])
    try:
        yield
    finally:
        done = watching.pop()
        assert not done, done
        assert "evil_module_of_a_file" not in sys.modules


def refused(read: Callable[[], Any], words: str) -> None:
    began = time.process_time()
    with harmless(), pytest.raises(ModelCostError, match=words) as error:
        read()
    assert time.process_time() - began < SECONDS
    assert len(str(error.value)) < 2000


def test_the_watch_sees_what_a_file_could_do(tmp_path: Path) -> None:
    for do in (
        lambda: (tmp_path / "x").write_text("x"),
        lambda: os.system("true"),
        lambda: importlib.import_module("me"),
    ):
        with pytest.raises(AssertionError), harmless():
            do()


def test_the_net_that_the_cases_are_made_of_is_read() -> None:
    assert [entry.name for entry in model_of(dense_net()).entries()] == ["x", "d"]
    assert len(CONFIGS) + len(FILES) >= 40


@pytest.mark.parametrize("case", CONFIGS)
def test_a_hostile_configuration_is_refused(case: str) -> None:
    make, words = CONFIGS[case]
    config = make()
    refused(lambda: model_of(config), words)


@pytest.mark.parametrize("case", FILES)
def test_a_hostile_file_is_refused(case: str, tmp_path: Path) -> None:
    ending, make, words = FILES[case]
    path = tmp_path / f"net{ending}"
    path.write_bytes(make())
    before = sorted(tmp_path.iterdir())
    refused(lambda: load(str(path)), words)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.keras", "No such file"),
        ("net.pb", "unknown ending"),
        ("net.pkl", "unknown ending"),
        ("a/b", "unknown ending"),
        ("net\0.json", "null"),
        ("/dev/null.json", "No such file|Not a directory"),
        (".", "unknown ending"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused(path: str, words: str) -> None:
    refused(lambda: load(path), words)


def test_a_directory_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "net.keras").mkdir()
    refused(lambda: load(str(tmp_path / "net.keras")), "it is a folder, and only files are read")
    os.mkfifo(tmp_path / "pipe.json")
    refused(lambda: load(str(tmp_path / "pipe.json")), "it is a pipe, and only files are read")
    (tmp_path / "endless.yaml").symlink_to("/dev/zero")
    refused(lambda: load(str(tmp_path / "endless.yaml")), "it is a device, and only files are read")


def test_a_bomb_takes_little_memory() -> None:
    """An archive that claims 100 bytes and unpacks to 30 MB: never more than the bounds is held."""
    import tracemalloc

    data = lying(100, 30 * 2**20)
    tracemalloc.start()
    with pytest.raises(ModelCostError):
        archives.member(io.BytesIO(data), "config.json")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_member_that_does_not_end_is_cut_short() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b" " * size

    refused(lambda: list(archives._pieces(Endless())), "more than")


def test_overlong_deflate_stream_is_cut_short() -> None:
    """A stored size within bounds whose stream would go on for gigabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packer.compress(b" " * 2**26) + packer.flush()
    assert len(stream) < 2**17
    refused(lambda: archives.parsed(zlib.decompress(stream, -15)), "more than")


VARIED = sequential(
    record(
        "Conv2D",
        "c",
        filters=4,
        kernel_size=[3, 3],
        strides=[1, 1],
        padding="same",
        activation="relu",
        data_format="channels_last",
    ),
    record("BatchNormalization", "b", axis=-1, epsilon=0.001),
    record("MaxPooling2D", "p", pool_size=[2, 2], strides=[2, 2], padding="valid"),
    record("Reshape", "r", target_shape=[8, -1]),
    record("LSTM", "l", units=5, return_sequences=True, recurrent_activation="sigmoid"),
    record("Bidirectional", "bi", merge_mode="concat", layer=record("GRU", "g", units=3, return_sequences=True)),
    record("TimeDistributed", "t", layer=record("Dense", "td", units=2)),
    record("Dropout", "dr", rate=0.5, noise_shape=None, seed=3),
    record("Flatten", "f", data_format="channels_last"),
    record(
        "Dense", "d", units=4, activation="softmax", kernel_regularizer={"class_name": "L2", "config": {"l2": 0.01}}
    ),
)
OPERATED = functional(
    [
        record("InputLayer", "x", batch_shape=[None, 8, 4], dtype="float32"),
        record("MultiHeadAttention", "m", num_heads=2, key_dim=3),
        record("Add", "a"),
        {**record("Multiply", "mul"), "module": "keras.src.ops.numpy"},
        {**record("Mean", "mean", axis=1, keepdims=False), "module": "keras.src.ops.numpy"},
        {**record("GetItem", "item"), "module": "keras.src.ops.numpy"},
        {**record("Reshape", "shape", newshape=[-1, 32]), "module": "keras.src.ops.numpy"},
    ],
    [["x", 0, 0]],
    [["mean", 0, 0], ["item", 0, 0], ["shape", 0, 0]],
)
CALLS = {
    "m": {"args": [tensor("x")], "kwargs": {"value": tensor("x"), "use_causal_mask": True}},
    "a": {"args": [[tensor("x"), tensor("m")]], "kwargs": {}},
    "mul": {
        "args": [
            tensor("a"),
            {"class_name": "__numpy__", "config": {"value": [1.0, 2.0, 3.0, 4.0], "dtype": "float32"}},
        ],
        "kwargs": {},
    },
    "mean": {"args": [tensor("mul")], "kwargs": {}},
    "item": {
        "args": [
            tensor("mul"),
            [{"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}, 0],
        ],
        "kwargs": {},
    },
    "shape": {"args": [tensor("mul")], "kwargs": {}},
}
for one in OPERATED["config"]["layers"]:
    one["inbound_nodes"] = [CALLS[one["name"]]] if one["name"] in CALLS else []
OLD = {
    "class_name": "Model",
    "keras_version": "2.4.0",
    "config": {
        "name": "old",
        "layers": [
            {
                "class_name": "InputLayer",
                "name": "i",
                "inbound_nodes": [],
                "config": {"batch_input_shape": [None, 8], "dtype": "float32", "name": "i"},
            },
            {
                "class_name": "Dense",
                "name": "d",
                "inbound_nodes": [[["i", 0, 0, {}]]],
                "config": {"name": "d", "units": 8, "activation": "relu"},
            },
            {
                "class_name": "TFOpLambda",
                "name": "o",
                "inbound_nodes": [["d", 0, 0, {"y": ["i", 0, 0], "name": None}]],
                "config": {"name": "o", "function": "__operators__.add", "trainable": True, "dtype": "float32"},
            },
        ],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["o", 0, 0]],
    },
}
STRANGE: Any = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        7,
        64,
        2**31,
        2**63,
        10**30,
        0.5,
        -0.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        "d",
        "same",
        "relu",
        "../../x",
        "\x1b[2J",
        "\ud800",
        "channels_first",
        [],
        [[]],
        [1],
        [0, 0],
        [2, 2, 2],
        [-1, -1],
        [None],
        ["x", 0, 0],
        [["x", 0, 0]],
        {},
        {"a": 1},
        {"class_name": "Dense", "config": {"units": 3, "name": "q"}},
        {"class_name": "__slice__", "config": {"start": 1, "stop": 0, "step": -1}},
        {"class_name": "__numpy__", "config": {"value": [[1, 2], [3]]}},
        {"class_name": "__lambda__", "config": {}},
        {"class_name": None},
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested data."""
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


BASES = [VARIED, OPERATED, OLD, dense_net(), nested_twice(3)]
PLACES = [list(places(base)) for base in BASES]


@st.composite
def spoilt(draw: Any) -> Any:
    """A good configuration with up to three of its values replaced, left out, or swapped."""
    which = draw(st.integers(0, len(BASES) - 1))
    config = copy.deepcopy(BASES[which])
    for _ in range(draw(st.integers(1, 3))):
        path, inner = draw(st.sampled_from(PLACES[which])), config
        try:
            for key in path[:-1]:
                inner = inner[key]
            if draw(st.integers(0, 4)):
                inner[path[-1]] = draw(STRANGE)
            else:
                del inner[path[-1]]
        except (TypeError, LookupError):
            continue
    return config


def test_the_nets_that_are_spoilt_are_good() -> None:
    for base in BASES:
        assert isinstance(model_of(copy.deepcopy(base)), Model)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoilt(), st.booleans())
def test_a_spoilt_configuration_is_a_model_or_an_error(config: Any, partial: bool) -> None:
    began = time.process_time()
    with harmless():
        try:
            model = model_of(config, partial)
            assert isinstance(model, Model)
            model.entries()
        except ModelCostError as error:
            assert str(error)
    assert time.process_time() - began < 1


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_spoilt_archive_is_a_model_or_an_error(data: Any) -> None:
    whole = bytearray(archive({"metadata.json": b"{}", "config.json": GOOD}, data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    file = io.BytesIO(bytes(whole[:cut] if data.draw(st.booleans()) else whole))
    try:
        model_of(archives.parsed(archives.member(file, "config.json")))
    except ModelCostError as error:
        assert str(error)
