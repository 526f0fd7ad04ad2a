"""A reader who has a bare Debian: installs by a line of README, from files over loopback, and begins the tutorial."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from product import ROOT
from served import served

DEBIAN = ROOT / ".tools/debian"

# In front of what each block of the tutorial writes.
MARK = "\x1e"

# A private copy in memory, which is gone with the shell.
IN_A_COPY = """set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
exec chroot "$1/root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "$3"
"""


def ways_to_install() -> list[str]:
    """README's lines that need a package of this kind of machine and no editor, without their comments."""
    text = (ROOT / "README.md").read_text()
    [block] = [it for it in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "dpkg -i" in it]
    lines = [line.split("   #")[0].strip() for line in block.splitlines()]
    return [line for line in lines if not line.startswith("code ")]


def walk_in_bare_debian(line: str, folder: Path, place: Path) -> None:
    blocks = tutorial_before("## Deploy it")
    with served(folder) as port:
        script = "\n".join([installs(line, folder, port), *(does(*block) for block in blocks)])
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        command = ["unshare", "--mount", "sh", "-c", IN_A_COPY, "sh", place, DEBIAN, script]
        done = subprocess.run([*as_root, *command], capture_output=True, text=True)
    assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
    for (language, _, shown), seen in zip(blocks, done.stdout.split(MARK)[1:], strict=True):
        assert language != "console" or fits(seen, shown), f"the tutorial shows\n{shown}and there is\n{seen}"


def installs(line: str, folder: Path, port: int) -> str:
    """The files come by what apt itself has: there is neither curl nor wget, nor sudo for root."""
    names = " ".join(shlex.quote(file.name) for file in folder.glob("draft*"))
    return f"""exec 2>&1; set -e; cd; mkdir dist
for name in {names}; do
  /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "http://127.0.0.1:{port}/$name" "dist/$name" >/dev/null
done
sudo() {{ "$@"; }}
{line} >/dev/null
hash -r; PATH=$PATH:~/venv/bin; set +e"""


def does(language: str, path: str | None, text: str) -> str:
    typed = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    if path:
        return f"printf '{MARK}'; mkdir -p \"$(dirname {path})\"; printf %s {shlex.quote(text)} >{path}"
    if language == "console":
        return f"printf '{MARK}'\n" + "\n".join(f"echo {shlex.quote(f'$ {line}')}; {line}" for line in typed)
    return f"printf '{MARK}'\nset -e\n{text}set +e"


def tutorial_before(heading: str) -> list[tuple[str, str | None, str]]:
    """Language, path where it is a file, and text of each block."""
    text = (ROOT / "docs/tutorial.md").read_text().split(heading)[0]
    found = re.findall(r"(?:<!-- file[^:]*: (\S+) -->\n)?```(\w+)\n(.*?)```\n", text, re.DOTALL)
    return [(language, path or None, block) for path, language, block in found]


def fits(seen: str, shown: str) -> bool:
    """A line `…` stands for any lines."""
    lines = (r"(?:.*\n)*" if line == "…" else re.escape(line) + r"\s*\n" for line in shown.splitlines())
    return re.fullmatch("".join(lines), seen) is not None
