#!/usr/bin/env python3
"""Write which functions of the program lie side by side: those that a server at rest has run.

  text_order.py PROGRAM            writes server/draft-tasks/link/resting.txt
  text_order.py --check PROGRAM    says how much of what runs lies in .text.resting

PROGRAM is a release build with its symbols.  valgrind runs it while a client opens a file,
types, and asks for what editors ask for.  The kernel maps a program in windows of 64 KiB
around each page that is touched, so what counts is how many windows hold something that runs.

The list holds patterns of linker symbols without hashes, so it outlives other versions of
the compiler and of libraries; a name that is gone costs a little memory and nothing else.
Python 3.11 standard library only.
"""

from __future__ import annotations

import argparse
import bisect
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lsp_bench import Doc
from lsp_client import Client, file_uri

LIST = Path(__file__).resolve().parents[2] / "server/draft-tasks/link/resting.txt"
ORDERED = ".text.resting"
WINDOW = 1 << 16
# What comes last: of our own code also what did not run, so that a function with a new name is not far.
NEARBY = ["*20draft_tasks_analysis*", "*draft_tasks_analysis..*", "*11draft_tasks3lsp*", "*draft_tasks..lsp*"]


def session(program: Path, out: str) -> int:
    """What a client does in an ordinary minute; gives where the program lay in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".draft-tasks.toml")
        doc = Doc("toml", 10, 1)
        path.write_text(doc.text())
        command = ["valgrind", "-q", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no",
                   "--compress-strings=no", f"--callgrind-out-file={out}", str(program), "lsp"]
        client = Client(command, cwd=folder, stderr_path=Path(folder, "stderr"), folder=Path(folder))
        client.start()
        client.initialize(120)
        uri = file_uri(path)
        client.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "toml", "version": 1, "text": doc.text()}})
        client.settle(quiet=2, cap=60)
        at = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 3}}
        for method in ("hover", "documentSymbol", "codeLens", "semanticTokens/full", "foldingRange", "completion"):
            client.request(f"textDocument/{method}", at if method in ("hover", "completion") else {"textDocument": {"uri": uri}})
        everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": len(doc.lines), "character": 0}}
        client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": everywhere})
        client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": everywhere, "context": {"diagnostics": []}})
        for version, text in ((2, "#"), (3, "x"), (4, "y")):
            end = {"line": 0, "character": version - 2}
            client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [
                {"range": {"start": end, "end": end}, "text": text}]})
            client.settle(quiet=0.5, cap=60)
        maps = Path(f"/proc/{client.pid}/maps").read_text()
        client.shutdown()
        return int(re.search(rf"^([0-9a-f]+)-\S+ \S+ 00000000 .*{re.escape(str(program))}$", maps, re.M)[1], 16)


def sections(program: Path) -> dict[str, tuple[int, int]]:
    listing = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"\] (\S+)\s+\S+\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", listing)
    return {name: (int(start, 16), int(size, 16)) for name, start, size in found}


def symbols(program: Path) -> list[tuple[int, int, str]]:
    """Start, size and name of each function; of several names at one place the first."""
    listing = subprocess.run(["nm", "-S", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [tTwW] (\S+)$", listing, re.M)
    return list({int(start, 16): (int(start, 16), int(size, 16), name) for start, size, name in sorted(found, reverse=True)}.values())[::-1]


def executed(out: str, program: Path, base: int) -> list[int]:
    """The addresses of the program's instructions that ran, as in the file."""
    start, size = sections(program).get(ORDERED, (0, 0))
    addresses, where = set(), ""
    with open(out) as lines:
        for line in lines:
            if line.startswith("ob="):
                where = line[3:].strip()
            elif line.startswith("0x"):
                address = int(line.split(None, 1)[0], 16)
                if where == str(program):
                    addresses.add(address)
                # callgrind takes only .text for the program's own.
                elif where == "???" and start <= address - base < start + size:
                    addresses.add(address - base)
    return sorted(addresses)


def pattern(name: str) -> str:
    """A symbol without the hashes in it."""
    name = re.sub(r"\.llvm\.\d+$", "", name)
    if name.startswith("_ZN"):
        return re.sub(r"17h[0-9a-f]{16}E$", "17h*", name)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name) + "*"


def patterns(functions: list[tuple[int, int, str]], ran: set[int]) -> list[str]:
    """What ran, the densest first.

    A generic function is there once for each of its types, and all copies have one name. It
    is left out where all copies take more than a window for each of those that ran."""
    total, hot, count = defaultdict(int), defaultdict(int), defaultdict(int)
    for start, size, name in functions:
        total[pattern(name)] += size
        hot[pattern(name)] += size if start in ran else 0
        count[pattern(name)] += start in ran
    chosen = [it for it in count if count[it] and total[it] <= WINDOW * count[it]]
    chosen.sort(key=lambda it: (-round(hot[it] / max(total[it], 1), 1), it))
    return chosen + NEARBY


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--check", action="store_true")
    ap.add_argument("program", type=Path)
    opts = ap.parse_args()
    program = opts.program.resolve()
    with tempfile.NamedTemporaryFile(suffix=".callgrind") as out:
        base = session(program, out.name)
        addresses = executed(out.name, program, base)
    functions = symbols(program)
    starts = [start for start, _, _ in functions]
    ran = {starts[bisect.bisect_right(starts, address) - 1] for address in addresses}
    start, size = sections(program).get(ORDERED, (0, 0))
    inside = sum(start <= address < start + size for address in addresses)
    print(f"{len(ran)} functions ran, in {len({address // WINDOW for address in addresses})} windows; "
          f"{ORDERED} has {size >> 10} KiB and {inside / len(addresses):.0%} of what ran")
    if not opts.check:
        chosen = patterns(functions, ran)
        LIST.write_text("\n".join(chosen) + "\n")
        print(f"{LIST.name}: {len(chosen)} patterns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
