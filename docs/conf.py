"""How Sphinx makes the documentation: `sphinx-build -W docs docs/_build/html`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import modelcost  # noqa: E402
from making import layers, notebooks, reference, tables  # noqa: E402

project = "modelcost"
author = copyright = "the authors of modelcost"
release = version = modelcost.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build", "made/list.md", "made/*.part.md"]
default_role = "literal"
nitpicky = True
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are stored with what came out of them, and a test runs them anew

autodoc_typehints = "none"
autodoc_member_order = "bysource"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"modelcost {version}"
html_static_path = ["static"]
html_css_files = ["modelcost.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style, pygments_dark_style = "friendly", "monokai"


def setup(app: Any) -> None:
    """Make the pages that are made before Sphinx looks for them, and give layers the arguments that they take."""
    app.connect("builder-inited", lambda app: _made())
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _docstring)


def _made() -> None:
    made = HERE / "made"
    shutil.rmtree(made, ignore_errors=True)
    layers.pages(made)
    reference.page(made)
    tables.pages(made)
    for script in notebooks.scripts():
        stored = script.with_suffix(".ipynb")
        copy = made / "examples" / stored.relative_to(notebooks.EXAMPLES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(stored, copy)


def _is_layer(what: str, value: Any) -> bool:
    from modelcost.layers.base import Layer

    return what == "class" and issubclass(value, Layer) and value is not Layer


def _signature(app: Any, what: str, name: str, value: Any, *_: Any) -> tuple[str, str] | None:
    return (layers.signature(value), "") if _is_layer(what, value) else None


def _docstring(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Leave out the doctest of a layer: the worked example below it is the same call, and says more."""
    if _is_layer(what, value) and any(line.startswith(">>>") for line in lines):
        first = next(i for i, line in enumerate(lines) if line.startswith(">>>"))
        last = next((i for i in range(first, len(lines)) if not lines[i]), len(lines))
        del lines[first:last]
