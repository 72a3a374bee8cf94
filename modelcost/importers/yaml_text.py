"""YAML as plain text, lists and dictionaries: no tags, no aliases, no value that is anything but its letters."""

from __future__ import annotations

from modelcost.errors import ModelCostError, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LARGEST = 1_000_000
"""Characters of a text that libyaml reads, which PyYAML mostly comes with."""
LARGEST_WITHOUT = 100_000
"""And of one that PyYAML's own parser reads, which is a hundred times slower."""
MOST_VALUES = 200_000
DEEPEST = 20


def yaml_text(text: str) -> Any:
    """What a YAML document says, every scalar as the text that it is.

    Raises `ModelCostError` for what is no YAML, is too long or nested deeper than 20, has a key twice, an alias or a
    tag; or where PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise ModelCostError("reading YAML needs PyYAML: pip install 'modelcost[yaml]'") from None
    quick = getattr(yaml, "CBaseLoader", None)
    largest = LARGEST if quick else LARGEST_WITHOUT
    if len(text) > largest:
        raise ModelCostError(f"a YAML file has at most {largest:,} characters. Received: {len(text):,}")
    try:
        return _built(yaml.parse(text, Loader=quick or yaml.BaseLoader))
    except yaml.YAMLError as error:
        raise ModelCostError(f"this is no YAML: {_said(error)}") from None


def _said(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{getattr(error, 'problem', None) or 'characters that do not belong in it'}{place}"


def _built(events: Iterator[Any]) -> Any:
    """What the events of a parser make, as they come: nothing that a small file could make large is ever there."""
    within: list[list[tuple[Any, int]]] = [[]]  # what is open, each with what it has so far and the lines of that
    for i, event in enumerate(events):
        kind = type(event).__name__
        if i > MOST_VALUES:
            raise ModelCostError(f"a YAML file has at most {MOST_VALUES:,} values")
        if kind == "DocumentStartEvent" and within[0]:
            raise ModelCostError(f"a YAML file is one document; another begins in line {event.start_mark.line + 1}")
        _refuse_clever(event, kind)
        if kind == "ScalarEvent":
            within[-1].append((event.value, event.start_mark.line))
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if len(within) > DEEPEST:
                raise ModelCostError(f"a YAML file is nested at most {DEEPEST} deep")
            within.append([])
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            items = within.pop()
            made = _mapping(items) if kind == "MappingEndEvent" else [value for value, _ in items]
            within[-1].append((made, event.start_mark.line))
    return within[0][0][0] if within[0] else None


def _refuse_clever(event: Any, kind: str) -> None:
    """Refuse what would let a small file stand for a large one, or for anything but text."""
    if kind == "AliasEvent" or getattr(event, "anchor", None):
        raise ModelCostError(f"anchors and aliases have no place here. Received: {short(event.anchor)}")
    tag = getattr(event, "tag", None)
    if tag and tag != "!":
        raise ModelCostError(f"tags have no place here. Received: {short(tag)}")


def _mapping(items: list[tuple[Any, int]]) -> dict[str, Any]:
    """Keys and values, which come in turn."""
    found: dict[str, Any] = {}
    for (word, line), (value, _) in zip(items[::2], items[1::2], strict=True):
        if not isinstance(word, str):
            raise ModelCostError(f"a key is a word. Received: {short(word)}")
        if word in found:
            raise ModelCostError(f"{short(word)} is given twice, the second time in line {line + 1}")
        found[word] = value
    return found
