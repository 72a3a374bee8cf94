"""What is seen in a cell of a notebook: the tables of a report, a sweep or a marked sheet, in a box that scrolls."""

from __future__ import annotations

from modelcost.render.html import body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.render import View

GROUND = "var(--jp-layout-color0,var(--vscode-editor-background,var(--color-background-primary,Canvas)))"
"""The colour behind a cell, light or dark: of Jupyter, of Visual Studio Code, of a page of documentation by Furo."""
STYLE = (
    f".modelcost{{--ground:{GROUND}}}"
    ".modelcost{max-height:36em;overflow:auto}"
    ".modelcost h1{font-size:1.2em}.modelcost h2{font-size:1.05em}"
    ".modelcost th,.modelcost td{text-align:left}"
    ".modelcost .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".modelcost thead th{position:sticky;top:0;background:var(--ground)}"
    ".modelcost tfoot td{font-weight:bold;border-top:1px solid}"
)
"""Held to its own box, so that nothing else on the notebook's page looks otherwise."""


def html(view: View, subject: Any) -> str:
    """What a person sees of it, by its view, as a piece of HTML; every name in it is escaped."""
    return f'<style>{STYLE}</style>\n<div class="modelcost" tabindex="0">\n{body(view.blocks(subject))}\n</div>\n'
