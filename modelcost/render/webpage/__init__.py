"""The page of a report: one file that opens without a network, with its graph, charts, tables and workings."""

from __future__ import annotations

from modelcost.errors import ModelCostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelcost.report import Report


def written(report: Report) -> str:
    """The report as HTML. Names are escaped wherever they stand; whole numbers are carried as text, in full.

    Raises `ModelCostError` where Jinja2, which fills the page in, is not installed.
    """
    from modelcost.render.html import POLICY
    from modelcost.render.webpage.content import content
    from modelcost.render.webpage.inlined import digest, scripts, styles

    template = _environment().get_template("report.html.j2")
    inlined = scripts()
    known = " ".join(f"'sha256-{digest(script)}'" for script in inlined)  # word for word, and no other
    policy = f"{POLICY}; script-src {known}"
    page: str = template.render(**content(report), policy=policy, scripts=inlined, styles=styles())
    return page


def _environment() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise ModelCostError("--format html needs Jinja2: pip install 'modelcost[html]'") from None
    from modelcost.render.escape import visible

    def shown(value: Any) -> Any:
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=PackageLoader("modelcost.render.webpage", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
