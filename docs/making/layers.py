"""The pages on layers: for each, what its class says and a worked example, figures and formulas by the tool."""

from __future__ import annotations

import inspect
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from making.examples import BATCH, classes, example, worked
from modelcost.layers.base import Layer, fields_of
from modelcost.layers.fields import REQUIRED
from modelcost.render.units import shapes

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {
    "Dense": "dense einsum",
    "Convolutions": "conv depthwise transposed",
    "Pooling": "pool wholepool",
    "Recurrent": "recurrent wrappers cells convlstm",
    "Attention": "attention heads",
    "Embeddings": "embedding",
    "Normalization": "norm response spectral",
    "Activations": "activation",
    "Merging": "merge",
    "Shapes": "input reshape border upsampling",
    "Dropout and noise": "noise",
    "Preprocessing": "preprocess",
    "Augmentation": "augmentation colors mixtures",
    "Others": "keras_applications unknown",
}
"""The pages, and the families of layers on each: modules of `modelcost.layers`."""


COMMON = {field.name for field in Layer.own_fields}
"""The arguments that every layer takes."""


def pages(folder: Path) -> dict[str, str]:
    """Write all pages into a folder, and the list that leads to them; gives the file of each class of layer."""
    homes = {family: title for title, families in PAGES.items() for family in families.split()}
    by_page: dict[str, list[type]] = {title: [] for title in PAGES}
    for cls in classes():
        by_page[homes[cls.__module__.rsplit(".", 1)[1]]].append(cls)
    folder.mkdir(parents=True, exist_ok=True)
    for title, layers in by_page.items():
        text = f"# {title}\n\n" + "\n".join(map(_section, layers))
        (folder / f"{_file(title)}.md").write_text(text, encoding="utf-8")
    (folder / "list.md").write_text(_list(by_page), encoding="utf-8")
    return {cls.__name__: _file(title) for title, layers in by_page.items() for cls in layers}


def _file(title: str) -> str:
    return title.lower().replace(" ", "-")


def _section(cls: type) -> str:
    """All that is said of a layer."""
    name, *aliases = classes()[cls]
    one = example(cls)
    forward, training = worked(one)
    options = "".join(f", called with `{key}={value}`" for key, value in one.options.items())
    coming = f" on {shapes(one.shapes)}" if one.shapes else ""
    parts = [
        f"(layer-{name})=\n## {name}",
        f"```{{eval-rst}}\n.. autoclass:: modelcost.{name}\n```",
        f"Also called {' and '.join(f'`{alias}`' for alias in aliases)}." if aliases else "",
        f"**Worked out:** `{one.written}`{coming}{options}",
        f"```text\n{dedent(forward)}```",
        _details(f"The same in training: a step on a mini-batch of {BATCH}, by SGD", training) if training else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _details(summary: str, text: str) -> str:
    return f"<details>\n<summary>{summary}</summary>\n\n```text\n{dedent(text)}```\n\n</details>"


def _list(by_page: dict[str, list[type]]) -> str:
    """A table for each page: its layers, and what each does."""
    parts = []
    for title, layers in by_page.items():
        rows = [f"| [{cls.__name__}](#layer-{cls.__name__}) | {_first(cls)} |" for cls in layers]
        parts.append("\n".join([f"## {title}", "", "| layer | what it does |", "|:--|:--|", *rows, ""]))
    toctree = ["```{toctree}", ":hidden:", "", *(f"/made/{_file(title)}" for title in by_page), "```"]
    return "\n".join([*parts, *toctree, ""])


def _first(cls: type) -> str:
    first = (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")
    return first.replace("|", "\\|").replace("*", "\\*")


def signature(cls: type[Layer]) -> str:
    """The arguments of a layer that change what it costs, as a script writes them.

    >>> import modelcost as mc
    >>> signature(mc.Dense)
    '(units, activation=None, use_bias=True)'
    """
    own = {name: field for name, field in fields_of(cls).items() if _tells(name, field)}
    by_place = [_argument(field) for field in own.values() if not field.keyword_only]
    by_name = [_argument(field) for field in own.values() if field.keyword_only]
    return f"({', '.join([*by_place, *(['*', *by_name] if by_name else [])])})"


def _tells(name: str, field: Any) -> bool:
    return (
        name not in COMMON
        and field.kind not in ("Ignored", "Absent")
        and not name.endswith(("_regularizer", "_constraint"))
    )


def _argument(field: Any) -> str:
    return field.name if field.default is REQUIRED else f"{field.name}={field.default!r}"
