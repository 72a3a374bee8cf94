"""The notebooks of `examples`: made from the scripts there, run, and stored with what came out.

`python -m making.notebooks [NAME ...]`, from `docs`, makes them anew.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NEED_KERAS = ("keras_user",)
"""Those that need TensorFlow."""


LOG = re.compile(r"WARNING: All log messages|[IWE]\d{4} ")
VERSIONS = re.compile(r"(?<=TensorFlow )[\d.]+|(?<=Keras )[\d.]+")


def scripts() -> list[Path]:
    """The scripts that notebooks are made of: those in cells."""
    return [path for path in sorted(EXAMPLES.rglob("*.py")) if path.read_text(encoding="utf-8").startswith("# %%")]


def fresh(script: Path) -> Any:
    """The notebook of a script, run in the script's folder."""
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(script, fmt="py:percent")
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number, cell in enumerate(notebook.cells, 1):
        cell.id, cell.metadata = f"cell-{number}", {}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(script.parent)}})
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TF_CPP_MIN_LOG_LEVEL": "3"})
    notebook.metadata.pop("language_info", None)  # which names the version of Python
    for cell in notebook.cells:
        cell.metadata = {}
        if "outputs" in cell:
            cell.outputs = _joined(one for one in cell.outputs if not _log_of_tensorflow(one))
    return notebook


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Outputs with text that came piece by piece in one."""
    found: list[Any] = []
    for output in outputs:
        if found and output.output_type == "stream" == found[-1].output_type and output.name == found[-1].name:
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def _log_of_tensorflow(output: Any) -> bool:
    """Whether it is what TensorFlow writes of the machine when it is imported."""
    return output.output_type == "stream" and output.name == "stderr" and LOG.match(output.text) is not None


def stored(script: Path) -> Any:
    """The notebook that is stored beside a script."""
    import nbformat

    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


def write(script: Path) -> None:
    """Run a script as a notebook and store that beside it."""
    import nbformat

    nbformat.write(fresh(script), script.with_suffix(".ipynb"))


def shown(notebook: Any) -> list[tuple[str, str, list[str]]]:
    """What a reader sees: each cell, and what came out of it; of pictures, that there is one."""
    return [(cell.cell_type, cell.source, [_seen(one) for one in cell.get("outputs", ())]) for cell in notebook.cells]


def _seen(output: Any) -> str:
    if output.output_type == "stream":
        return f"{output.name}: {VERSIONS.sub('', output.text)}"
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return "\n".join(
        f"{kind}: {'' if kind.startswith('image') else text}" for kind, text in sorted(output.data.items())
    )


if __name__ == "__main__":
    for path in scripts():
        if path.stem in sys.argv[1:] or not sys.argv[1:]:
            print(path.relative_to(ROOT))
            write(path)
