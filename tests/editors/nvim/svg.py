"""Draws a screen that tmux captured with its colours (capture-pane -e -p) as SVG: standard input to standard output.

Must not depend on anything that Python does not bring.
"""

import re
import sys
import unicodedata
from html import escape

WIDTH, HEIGHT = 8.4, 18  # of a cell
FOREGROUND, BACKGROUND = "#e0e2ea", "#14161b"
BASE = (
    "#3b4252 #bf616a #8fae7a #c9a95f #6f8fb8 #a883a8 #78aeb8 #c8ccd4 "
    "#5c667a #d0757e #a3be8c #ebcb8b #81a1c1 #b48ead #88c0d0 #eceff4"
).split()


def indexed(number):
    """The colour of one of 256."""
    if number < 16:
        return BASE[number]
    if number >= 232:
        return "#" + f"{8 + (number - 232) * 10:02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return "#" + "".join(f"{steps[part]:02x}" for part in (number // 36, number // 6 % 6, number % 6))


def restyled(style, codes):
    """A style after the parameters of an SGR sequence."""
    style, codes = dict(style), list(codes)
    on = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}
    off = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 39: ("fg",), 49: ("bg",)}
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in on:
            style[on[code]] = True
        elif code in off:
            for name in off[code]:
                style.pop(name, None)
        elif code in (38, 48) and codes:
            kind = codes.pop(0)
            count = 3 if kind == 2 else 1
            values, codes = codes[:count], codes[count:]
            colour = "#" + "".join(f"{value:02x}" for value in values) if kind == 2 else indexed(values[0])
            style["fg" if code == 38 else "bg"] = colour
        elif code // 10 in (3, 4, 9, 10):
            bright = 8 if code >= 90 else 0
            style["fg" if code // 10 in (3, 9) else "bg"] = BASE[code % 10 + bright]
    return style


def cells(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 0 if unicodedata.combining(character) else 1


def draw(text, style, column, row):
    """A piece of text with one style, and its background."""
    foreground, background = style.get("fg", FOREGROUND), style.get("bg")
    if style.get("reverse"):
        foreground, background = background or BACKGROUND, foreground
    x, y, length = column * WIDTH, row * HEIGHT, sum(map(cells, text)) * WIDTH
    out = ""
    if background and background != BACKGROUND:
        out += f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{HEIGHT}" fill="{background}"/>'
    attributes = "".join(
        attribute
        for name, attribute in (
            ("bold", ' font-weight="bold"'),
            ("italic", ' font-style="italic"'),
            ("underline", ' text-decoration="underline"'),
            ("dim", ' opacity="0.6"'),
        )
        if style.get(name)
    )
    if text.strip():
        out += (
            f'<text x="{x:.1f}" y="{y + HEIGHT - 5}" textLength="{length:.1f}" fill="{foreground}"{attributes}>'
            # Other spaces would be collapsed.
            f"{escape(text).replace(' ', chr(0xA0))}</text>"
        )
    return out


def svg(screen):
    lines = screen.rstrip("\n").split("\n")
    style, body, widest = {}, [], 0
    for row, line in enumerate(lines):
        column = 0
        for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
            sequence = re.fullmatch(r"\x1b\[([0-9;:]*)m", part)
            if sequence:
                style = restyled(style, [int(code or 0) for code in re.split("[;:]", sequence[1])])
            elif part:
                body.append(draw(part, style, column, row))
                column += sum(map(cells, part))
        widest = max(widest, column)
    width, height = widest * WIDTH, len(lines) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width + 16:.0f} {height + 16}" '
        f'width="{width + 16:.0f}" height="{height + 16}">\n'
        f'<rect x="-8" y="-8" width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>\n'
        '<g font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n'
        + "\n".join(piece for piece in body if piece)
        + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    sys.stdout.write(svg(sys.stdin.read()))
