"""The Debian package, by dpkg-deb: files, no scripts, no dependencies."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from email.utils import formatdate
from pathlib import Path

from product import NAME, ROOT, Product

CONTROL = """\
Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Section: devel
Priority: optional
{homepage}Description: {summary}
 Checks, completes and runs the tasks file of Draft (DEP-8): commands that run
 before an application is deployed to Kubernetes, inside of its pods after
 that, and after it was deleted.
 .
 The language server, the executor and the command line are one binary.
"""

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {name}
Comment: What is linked into the binary has the licences of
 /usr/share/doc/{name}/LICENSES-OF-DEPENDENCIES.gz.

Files: *
Copyright: {copyright}
License: Expat or Apache-2.0

License: Expat
{mit}

License: Apache-2.0
 On Debian systems, the full text of the Apache License 2.0 is in the file
 /usr/share/common-licenses/Apache-2.0.
"""

# A binary for every Debian, whichever its C library is; as it may lie at any address, it is taken for a library.
OVERRIDES = """\
{name}: statically-linked-binary [usr/bin/{name}]
{name}: shared-library-lacks-prerequisites [usr/bin/{name}]
"""

# From a folder of the archive to where Debian has what is in it.
PLACES = {
    "man": "usr/share/man/man1",
    "completions/bash": "usr/share/bash-completion/completions",
    "completions/zsh": "usr/share/zsh/vendor-completions",
    "completions/fish": "usr/share/fish/vendor_completions.d",
}


def debian_package(product: Product, tree: Path, architecture: str, time: int, out: Path) -> Path:
    root = out / "debian"
    documents = root / "usr/share/doc" / NAME
    documents.mkdir(parents=True)
    place(tree / NAME, root / "usr/bin")
    (documents / "copyright").write_text(copyright_text())
    # The program's own changes, in the form that Debian asks of a package that is made with its source.
    zipped(documents / "changelog.gz", changelog(product, time))
    zipped(documents / "LICENSES-OF-DEPENDENCIES.gz", (tree / "LICENSES-OF-DEPENDENCIES").read_text())
    for folder, there in PLACES.items():
        for file in sorted((tree / folder).glob("*")):
            placed = place(file, root / there)
            if folder == "man":
                zipped(placed.with_name(placed.name + ".gz"), placed.read_text())
                placed.unlink()
    overrides = root / "usr/share/lintian/overrides" / NAME
    overrides.parent.mkdir(parents=True)
    overrides.write_text(OVERRIDES.format(name=NAME))
    control(product, root, architecture)
    return packed(product, root, architecture, time, out)


def place(file: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(file, folder / file.name))


def zipped(file: Path, text: str) -> None:
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def copyright_text() -> str:
    text = (ROOT / "LICENSE-MIT").read_text()
    holder = next(line for line in text.splitlines() if line.startswith("Copyright"))
    _, permission = text.split(holder)
    mit = "\n".join(f" {line}" if line else " ." for line in permission.strip().splitlines())
    holder = holder.removeprefix("Copyright").replace("(c)", "").strip()
    return COPYRIGHT.format(name=NAME, copyright=holder, mit=mit)


def changelog(product: Product, time: int) -> str:
    entry = "  * What changed is told by the CHANGELOG.md of the program."
    return f"{NAME} ({product.version}) unstable; urgency=medium\n\n{entry}\n\n" \
           f" -- {product.maintainer}  {formatdate(time)}\n"


def control(product: Product, root: Path, architecture: str) -> None:
    files = [it for it in root.rglob("*") if it.is_file()]
    size = sum(-(-it.stat().st_size // 1024) for it in files)
    homepage = f"Homepage: {product.address}\n" if product.address else ""
    text = CONTROL.format(name=NAME, version=product.version, architecture=architecture, size=size, homepage=homepage,
                          maintainer=product.maintainer, summary=product.description)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(text)
    sums = subprocess.check_output(["md5sum", *sorted(it.relative_to(root) for it in files)], cwd=root)
    (root / "DEBIAN/md5sums").write_bytes(sums)


def packed(product: Product, root: Path, architecture: str, time: int, out: Path) -> Path:
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    file = out / f"{NAME}_{product.version}_{architecture}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, file], check=True,
                   env=os.environ | {"SOURCE_DATE_EPOCH": str(time)})
    shutil.rmtree(root)
    return file
