"""The shape of the code itself: what may import what, how long things are, how they are named, what start-up loads."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import modelcost

ROOT = Path(modelcost.__file__).parent

FLOORS = (
    {"errors", "dtypes"},
    {"files", "naming", "prefixes", "progress"},
    {"numbered"},
    {"notation", "operators", "initializers", "regularizers", "constraints"},
    {"count"},
    {"packing", "sizes"},
    {"binding", "space"},
    {"facts", "nesting"},
    {"graph"},
    {"layers"},
    {"keras_script"},
    {"model", "sequential", "models"},
    {"conventions", "activations", "ops"},
    {"zoo", "importers"},
    {"figures", "intensity", "receptive"},
    {"training"},
    {"levels", "report", "asked", "costing", "arranged", "recounted"},
    {"tuning"},
    {"timing"},
    {"memory"},
    {"homework"},
    {"sweeps"},
    {"render"},
    {"verification"},
    {"commands"},
    {"cli"},
    {"__main__", "__init__"},
)
"""From the ground up: a module imports from its own floor and those below, and nothing from above."""

UPWARD = {
    ("count", "binding"): "count.rebind(): what evaluates anew is loaded only for those who do",
    ("count", "packing"): "pickling a count: what lays its tree out flat is loaded only then",
    ("count", "render"): "a count shows itself in a notebook: what sets LaTeX is loaded only for that",
    ("graph", "layers"): "x + y on tensors is a call of a layer, which is loaded only then",
    ("keras_script", "costing"): "model.summary() is a report on the model",
    ("commands", "cli"): "completion describes the whole command line, of which it is a part",
    ("costing", "memory"): "report.memory: what plans memory is loaded only where that is asked for",
    ("costing", "timing"): "cost(cpu=...): what estimates time is loaded only where a CPU is named",
    ("timing", "verification"): "calibrating and measuring run real Keras, as verifying does",
    ("sweeps", "render"): "sweep.to_csv(), print(sweep): as for a report",
    ("homework", "render"): "print(sheet), sheet.to_csv(): as for a report",
    ("report", "memory"): "report.figure('memory...'): which figures memory has is known there",
    ("report", "timing"): "report.figure('time...'): likewise",
    ("tuning", "render"): "a search's report shows itself in a notebook, as a report does",
    ("report", "render"): "report.to_json(), explain(), print(report): methods that save their caller an import",
}
"""What is imported upward all the same, within functions only, and why."""


def modules() -> list[str]:
    """Every module of the package, by its path within it."""
    return sorted(str(path.relative_to(ROOT).with_suffix("")).replace(os.sep, ".") for path in ROOT.rglob("*.py"))


@cache
def tree(module: str) -> ast.Module:
    """The parsed source of a module."""
    return ast.parse((ROOT / module.replace(".", os.sep)).with_suffix(".py").read_text(encoding="utf-8"))


def package(module: str) -> str:
    """The part of modelcost that a module belongs to."""
    return module.split(".")[0]


FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}


def imports(node: ast.AST, within: bool = False) -> list[tuple[str, bool]]:
    """The parts of modelcost that a piece of code imports, and whether within a function; not those for types alone."""
    found: list[tuple[str, bool]] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            found += [one for branch in child.orelse for one in imports(branch, within)]
        elif isinstance(child, ast.Import):
            found += [(name, within) for alias in child.names for name in _ours(alias.name)]
        elif isinstance(child, ast.ImportFrom):
            if child.level:  # a neighbour
                continue
            names = [alias.name for alias in child.names if alias.name != "__version__"]
            parts = [f"modelcost.{name}" for name in names] if child.module == "modelcost" else [child.module or ""]
            found += [(name, within) for part in parts for name in _ours(part)]
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            found += imports(child, within or function)
    return found


def _ours(name: str) -> list[str]:
    parts = name.split(".")
    if parts[0] != "modelcost":
        return []
    return [parts[1] if len(parts) > 1 and parts[1] in FLOOR else "__init__"]


def test_every_module_has_its_floor() -> None:
    assert {package(module) for module in modules()} == {name for names in FLOORS for name in names}


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module: str) -> None:
    own = FLOOR[package(module)]
    for name, within in imports(tree(module)):
        above = FLOOR[name] > own
        assert not above or (within and (package(module), name) in UPWARD), (
            f"{module} imports {name}, which is above it"
        )


def test_upward_imports_that_ended_are_not_listed() -> None:
    used = {(package(module), name) for module in modules() for name, _ in imports(tree(module))}
    assert set(UPWARD) <= used


HEAVY = {"tensorflow", "keras", "torch", "onnx", "jax", "numpy", "pandas", "matplotlib", "yaml", "jinja2"}
NOT_AT_START = HEAVY | {"dataclasses", "inspect", "asyncio", "email", "http", "difflib", "modelcost.binding"}


def loaded(code: str) -> set[str]:
    """Every module that a fresh process has loaded after some code."""
    environment = os.environ | {"PYTHONPATH": str(ROOT.parent)}
    ending = "\nimport sys; print('\\n' + '\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, env=environment, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("import modelcost", NOT_AT_START | {"typing", "re", "modelcost.layers", "tabulate"}),
        (
            "from modelcost.cli import main\nmain(['alexnet', '--batch', '64'])",
            NOT_AT_START | {"modelcost.layers.recurrent"},
        ),
        ("from modelcost.cli import main\nmain(['alexnet', '--format', 'json'])", NOT_AT_START | {"tabulate"}),
        (
            "import modelcost as mc; mc.cost('lstm_stack').to_csv()",
            HEAVY | {"dataclasses", "modelcost.layers.conv", "tabulate"},
        ),
        ("import modelcost as mc; mc.cost(mc.zoo.gpt2()).flops.rebind(batch=3)", HEAVY | {"dataclasses"}),
    ],
    ids=["import", "table", "json", "csv", "rebind"],
)
def test_what_start_up_does_not_load(code: str, never: set[str]) -> None:
    found = loaded(code)
    assert not {name for name in found if name in never or name.split(".")[0] in never & HEAVY}


def test_frameworks_are_imported_where_foreign_models_are_met_alone() -> None:
    frameworks = {"tensorflow", "keras", "torch", "onnx", "jax"}
    for module in modules():
        for node in ast.walk(tree(module)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert (
                package(module) in ("importers", "verification")
                or not {name.split(".")[0] for name in names} & frameworks
            ), module


def test_numpy_is_imported_within_functions_alone() -> None:
    for module in modules():
        for node in tree(module).body:
            assert "numpy" not in ast.unparse(node).split("\n")[0] or not isinstance(
                node, ast.Import | ast.ImportFrom
            ), module


def layer_modules() -> list[str]:
    """The modules of layers that the index names."""
    from modelcost.layers import FAMILIES

    return list(FAMILIES)


@pytest.mark.parametrize("family", layer_modules())
def test_the_index_of_layers_is_what_the_modules_define(family: str) -> None:
    from modelcost.layers import FAMILIES
    from modelcost.layers.base import Layer

    indexed = FAMILIES[family].split()
    module = importlib.import_module(f"modelcost.layers.{family}")
    own = {name for name, value in vars(module).items() if _layer_of(value, module, Layer) and not name.startswith("_")}
    assert all(hasattr(module, name) for name in indexed)
    assert len(set(indexed)) == len(indexed)
    concrete = {name for name in own if "facts" not in _abstract(getattr(module, name))}
    assert concrete - set(indexed) <= _bases(module), "a layer that the index does not name"


def _layer_of(value: Any, module: Any, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__


def _abstract(layer: Any) -> set[str]:
    from modelcost.layers.base import Layer

    return {"facts"} if layer.facts is Layer.facts else set()


def _bases(module: Any) -> set[str]:
    """Classes that others build on: written once for all dimensions, with thin names that the index has."""
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    return {base.__name__ for one in classes for base in one.__mro__[1:]} | set(getattr(module, "INTERNAL", ()))


def test_no_name_has_two_homes() -> None:
    from modelcost.layers import FAMILIES, names

    assert len(names()) == len(set(names())) == sum(len(each.split()) for each in FAMILIES.values())
    assert not set(names()) & set(modelcost._HOME)


def functions(module: str) -> list[ast.FunctionDef]:
    """Every function of a module, methods too."""
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)]


def body_lines(function: ast.FunctionDef) -> int:
    """The lines of a function after its signature and its docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1:] if documented else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("module", modules())
def test_functions_and_modules_are_short(module: str) -> None:
    long = [f"{one.name}: {body_lines(one)} lines" for one in functions(module) if body_lines(one) > 40]
    assert not long
    code = (ROOT / module.replace(".", os.sep)).with_suffix(".py").read_text(encoding="utf-8").splitlines()
    assert len(code) <= 300


VAGUE = ("get_", "calculate_", "compute_", "do_", "handle_", "process_")
VAGUE_MODULES = ("utils", "util", "helper", "helpers", "manager", "common", "misc", "core")


@pytest.mark.parametrize("module", modules())
def test_names_say_what_things_are(module: str) -> None:
    assert module.split(".")[-1] not in VAGUE_MODULES
    names = [node.name for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    fixed = {"get_config", "get_layer", "compute_output_shape"}  # Keras's own
    fixed |= {"process_inference_bytes", "process_training_bytes"}  # of a process, as the design calls them
    assert not [name for name in names if name.lstrip("_").startswith(VAGUE) and name not in fixed]
    assert not [name for name in names if name.lower().endswith(("helper", "manager", "util", "utils"))]


@pytest.mark.parametrize("module", modules())
def test_floors_and_ceilings_stand_in_windows_alone(module: str) -> None:
    """Sizes are divided in one place; counts, their texts and their evaluation have to know the operator."""
    if module in ("layers.windows", "count", "operators", "notation", "binding") or package(module) == "zoo":
        return  # a network of the zoo states how wide it is; only windows divide what comes in
    found = [ast.unparse(node) for node in ast.walk(tree(module)) if _rounds(node)]
    assert not [text for text in found if text not in DIVISIONS.get(module, ())]


def _rounds(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.FloorDiv):
        return True
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("floor", "ceil", "divmod")


DIVISIONS: dict[str, tuple[str, ...]] = {
    "homework.products": ("high * self.folded // value", "-low * self.folded // value"),  # a claim's, not a size
    "homework.working": ("value // 1", "a // 1", "-a // 1"),  # a student's own // and ceil
    "layers.functions": ("n * (n - 1) // 2",),
    "receptive.looks": (
        "cropped // 2",
        "(across - 1 - before - span[0]) // stride",
        "(span[1] + before) // stride",
        "span[0] // sizes[i]",
        "span[1] // sizes[i]",
        "low // 1",
        "-high // 1",
        "first // after",
        "last // after",
    ),  # places on an axis, not how long it is
    "space": ("(place - at) // length",),
    "memory.backward": ("made.elements // rows.length",),
    "memory.executor": ("buffer.fixed // max(1, weights.get(buffer.name, buffer.fixed))", "buffer.fixed // slots"),
    "memory.fit": ("left // each",),
    "memory.pool": ("-size // GRAIN",),
    "memory.process": ("(fits + over) // 2", "reach * probe // PROBES"),
    "layers.wrappers": ("len(initial_state) // 2",),
    "render.units": ("(2 * value + 10 ** power) // (2 * 10 ** power)", "(power + 2) // 3"),
}
"""Floor divisions elsewhere that round nothing or are about no axis, by module."""


def undocumented(module: str) -> list[str]:
    """Public names of a module, and public methods, that neither say what they are nor inherit it."""
    there = importlib.import_module(f"modelcost.{module}".removesuffix(".__init__"))
    own = {name: value for name, value in vars(there).items() if getattr(value, "__module__", "") == there.__name__}
    own.pop("dataclass_transform", None)  # stands in for a name that type checkers alone see
    missing = [name for name, value in own.items() if not name.startswith("_") and not inspect.getdoc(value)]
    for kind in (value for name, value in own.items() if isinstance(value, type) and not name.startswith("_")):
        methods = [name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")]
        missing += [f"{kind.__name__}.{name}" for name in methods if not inspect.getdoc(getattr(kind, name))]
    return missing


@pytest.mark.parametrize("module", [module for module in modules() if module != "__main__"])
def test_every_public_name_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(tree(module)), "a module says what it is about"
    assert not undocumented(module)


def test_every_public_name_of_the_package_is_there_and_documented() -> None:
    for name in dir(modelcost):
        if not name.startswith("_") and name not in ("annotations", "TYPE_CHECKING"):
            value = getattr(modelcost, name)
            assert inspect.getdoc(value), name


def test_an_unknown_name_of_the_package_is_an_attribute_error_that_suggests() -> None:
    with pytest.raises(AttributeError, match=r"module 'modelcost' has no attribute 'Conv2d'; did you mean Conv2D"):
        _ = modelcost.Conv2d
    assert not hasattr(modelcost, "__nothing__")


def test_annotations_are_complete() -> None:
    for module in modules():
        for function in functions(module):
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            bare = [one.arg for one in arguments if one.annotation is None and one.arg not in ("self", "cls")]
            assert not bare, f"{module}.{function.name}: {bare}"
            assert function.returns is not None or _in_else_of_types(module, function), f"{module}.{function.name}"


def _in_else_of_types(module: str, function: ast.FunctionDef) -> bool:
    """Whether it only stands in for something that type checkers see."""
    chosen = [
        node
        for node in ast.walk(tree(module))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    return any(function in ast.walk(branch) for node in chosen for branch in node.orelse)


def test_the_package_is_found_whole() -> None:
    """No folder of code lacks its `__init__`: such a one would be left out of the wheel without a word."""
    walked = {name.removeprefix("modelcost.") for _, name, _ in pkgutil.walk_packages([str(ROOT)], "modelcost.")}
    assert walked == {module.removesuffix(".__init__") for module in modules()} - {"__init__"}


SOMEBODY_S = ("/tmp/", "/home/", "/Users/")


def test_no_path_of_any_machine_is_in_the_code() -> None:
    for path in [*ROOT.rglob("*.py"), *(ROOT.parent / "tests").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert path == Path(__file__).resolve() or not [one for one in SOMEBODY_S if one in text], path
