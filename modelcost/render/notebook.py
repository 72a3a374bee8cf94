"""What a report, or a sheet, looks like in a cell of a notebook: tables, in a box that scrolls where they are long."""

from __future__ import annotations

from modelcost.render.html import body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelcost.render.blocks import Block
    from modelcost.report import Report

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


def html(report: Report) -> str:
    """The report as a piece of HTML, every name in it escaped."""
    from modelcost.render.page import blocks

    return cell(blocks(report))


def cell(blocks: list[Block]) -> str:
    """What is to be seen of anything, as a piece of HTML."""
    return f'<style>{STYLE}</style>\n<div class="modelcost" tabindex="0">\n{body(blocks)}\n</div>\n'
