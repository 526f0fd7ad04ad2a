"""The licences of all that is linked into the binary: they ask to be shipped with it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from product import ROOT, NAME

# What files with licences are called, of which crates have several.
NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE")


def third_party(target: str) -> str:
    """Each text once, below the names of those that have it."""
    holders: dict[str, list[str]] = {}
    for package in linked(target):
        title = f"{package['name']} {package['version']} ({package['license']})"
        for text in texts(Path(package["manifest_path"]).parent) or [""]:
            holders.setdefault(text, []).append(title)
    if "" in holders:
        holders["The package has no file with its licence; its metadata names it.\n"] = holders.pop("")
    rule = "=" * 80
    parts = ("\n".join(titles) + f"\n\n{text}" for text, titles in holders.items())
    return f"{NAME} contains these packages.\n\n" + f"\n{rule}\n\n".join(parts)


def linked(target: str) -> list[dict]:
    """The packages of others that the binary for a target is made of, without those that only build it."""
    command = ["cargo", "tree", "--locked", "--package", NAME, "--edges", "normal,no-proc-macro", "--target", target,
               "--prefix", "none", "--format", "{p}"]
    lines = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    wanted = {tuple(line.split()[:2]) for line in lines}
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    packages = json.loads(subprocess.check_output(command, cwd=ROOT))["packages"]
    foreign = (it for it in packages if it["source"] and (it["name"], f"v{it['version']}") in wanted)
    return sorted(foreign, key=lambda it: (it["name"], it["version"]))


def texts(folder: Path) -> list[str]:
    files = sorted(it for it in folder.iterdir() if it.is_file() and it.name.upper().startswith(NAMES))
    return [file.read_text(errors="replace").replace("\r\n", "\n").strip() + "\n" for file in files]
