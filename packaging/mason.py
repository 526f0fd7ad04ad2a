#!/usr/bin/env python3
"""The package by which mason.nvim installs an archive of a release, in the form of its registry.

  packaging/mason.py [OWNER/REPOSITORY] >packages/draft-tasks/package.yaml

Without an argument the address is that of Cargo.toml.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from platforms import PLATFORMS
from product import NAME, Product

# What mason calls a platform; a program that needs no C library fits to each.
TARGETS = {"x86_64-unknown-linux-musl": "linux_x64", "aarch64-unknown-linux-musl": "linux_arm64"}


def package(product: Product, address: str) -> str:
    assets = "".join(asset(platform.target) for platform in PLATFORMS)
    return f"""---
name: {NAME}
description: {product.description}
homepage: https://github.com/{address}
licenses:
  - MIT
  - Apache-2.0
languages:
  - TOML
categories:
  - LSP
  - Formatter
  - Linter

source:
  id: pkg:github/{address}@v{product.version}
  asset:
{assets}
bin:
  {NAME}: "{{{{source.asset.bin}}}}"

neovim:
  lspconfig: {NAME.replace("-", "_")}
"""


def asset(target: str) -> str:
    folder = f'{NAME}-{{{{ version | strip_prefix "v" }}}}-{target}'
    return f"    - target: {TARGETS[target]}\n      file: {folder}.tar.gz\n      bin: {folder}/{NAME}\n"


if __name__ == "__main__":
    known = Product.of_workspace()
    if not (given := sys.argv[1:] or [(known.address or "").removeprefix("https://github.com/")])[0]:
        sys.exit(f"{__doc__}\nCargo.toml has no address yet")
    print(package(known, given[0]), end="")
