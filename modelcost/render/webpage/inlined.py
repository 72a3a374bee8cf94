"""What stands in the page besides its text: libraries from elsewhere, kept as they came, our own script and style."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def manifest() -> list[dict[str, Any]]:
    """The libraries, in the order in which they are loaded: file, package, version, licence, sha256, what for.

    To renew one: `npm pack PACKAGE`, take `from` out of it as `file` and its licence, write the version and sha256.
    """
    from json import loads

    found: list[dict[str, Any]] = loads(_read("vendored", "manifest.json"))
    return found


@cache
def scripts() -> tuple[Any, ...]:
    """All that is run in the page, each as it stands between its tags: the libraries with their licences, then ours."""
    libraries = (_with_licence(_read("vendored", one["license_file"]), one) for one in manifest())
    return (*libraries, _own("report.js"))


def _with_licence(licence: str, library: dict[str, Any]) -> Any:
    from markupsafe import Markup

    lines = _read("vendored", library["file"]).splitlines()
    code = "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL"))  # it would be asked for
    return Markup(f"/*! {library['package']} {library['version']}\n{licence.strip()}\n*/\n{code}\n")


def styles() -> tuple[Any, ...]:
    """The style that all pages of ours share, and that of this one."""
    from markupsafe import Markup

    from modelcost.render.html import base_style

    return Markup(base_style()), _own("report.css")


def _own(name: str) -> Any:
    from markupsafe import Markup

    return Markup(_read("templates", name))


def digest(script: str) -> str:
    """The SHA-256 of a script as a policy names it."""
    from base64 import b64encode
    from hashlib import sha256

    return b64encode(sha256(script.encode()).digest()).decode()


def _read(*names: str) -> str:
    from importlib.resources import files

    return files("modelcost.render.webpage").joinpath(*names).read_text(encoding="utf-8")
