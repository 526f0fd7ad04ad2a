"""What packages say of the program. All of it stands in Cargo.toml."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "draft-tasks"


@dataclass
class Product:
    version: str
    description: str
    maintainer: str
    # Where the project is to be found; not known until Cargo.toml has it.
    address: str | None
    # Where `cargo binstall` looks for an archive and for the binary in it, with names in braces.
    binstall: dict[str, str]

    @staticmethod
    def of_workspace() -> Product:
        command = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
        packages = json.loads(subprocess.check_output(command, cwd=ROOT))["packages"]
        package = next(it for it in packages if it["name"] == NAME)
        return Product(package["version"], package["description"], package["authors"][0], package["repository"],
                       package["metadata"]["binstall"])
