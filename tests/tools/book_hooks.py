"""What MkDocs reads otherwise than GitHub, which is what the pages are written for."""

import re

CODE = re.compile(r"`[^`\n]+`")
BESIDE_THE_BOOK = re.compile(r"\[([^\]\n]+)\]\(\.\./[^)\n]+\)")


def on_page_markdown(markdown: str, **_) -> str:
    """In a table GitHub wants a `|` within code escaped; Python's Markdown shows the backslash. What stands beside the
    pages in the repository is not in the book, so links to it are only their words there."""
    lines = BESIDE_THE_BOOK.sub(r"\1", markdown).split("\n")
    row = lambda line: CODE.sub(lambda code: code.group().replace("\\|", "|"), line) if line.startswith("|") else line
    return "\n".join(map(row, lines))
