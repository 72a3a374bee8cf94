"""Make text from elsewhere harmless: what a file calls its layers must not steer a terminal or a page."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with everything that does not print (control codes, newlines, bidi overrides) written as its code.

    >>> print(visible("conv" + chr(27) + "[31m" + chr(10)))
    conv\\x1b[31m\\n
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def markdown(text: str) -> str:
    """The text as a Markdown page shows it: no emphasis, no code, no link, no HTML, no end of the cell.

    >>> print(markdown("a|b <i> *c* conv_1 _d_"))
    a\\|b \\<i\\> \\*c\\* conv_1 \\_d\\_
    """
    text = visible(text)
    return "".join(_in_markdown(text, i) for i in range(len(text)))


def _in_markdown(text: str, place: int) -> str:
    c = text[place]
    if c == "@":
        return "&#64;"
    inside_a_word = text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()
    starts_link = c == ":" and text[place + 1 : place + 2] == "/"
    return "\\" + c if c in "\\`*[]<>&|~#$" or starts_link or (c == "_" and not inside_a_word) else c


LATEX = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", '"': r"\char34{}",
    "[": "{[}", "]": "{]}", "*": "{*}",
    **{c: "\\" + c for c in "#$%&_{}"},
}  # fmt: skip
"""A bracket or a star at the start of a line would be taken for an argument of the line break before it."""


def latex(text: str) -> str:
    """The text as LaTeX sets it.

    >>> print(latex("fc_1 {50%}"))
    fc\\_1 \\{50\\%\\}
    """
    return "".join(LATEX.get(c, c) for c in visible(text))


STARTS_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""And the same signs in full width, which some spreadsheets take for them."""


def csv(text: str) -> str:
    """The text as a spreadsheet shows it: what it would run as a formula gets an apostrophe in front.

    >>> csv("=1+1"), csv("conv1")
    ("'=1+1", 'conv1')
    """
    text = visible(text)
    return f"'{text}" if text.lstrip()[:1] in STARTS_FORMULA else text
