"""The platforms that packages are made for, and how their programs run on this machine."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from product import ROOT


@dataclass
class Platform:
    """What cargo, packages and editors call it, and what compiles and links for it."""

    target: str
    debian: str
    wheel: str
    vscode: list[str]
    compiler: str
    # Rust brings one that links for any machine; else cargo takes the compiler's.
    linker: str | None

    def command(self, program: Path) -> list:
        """Runs a program of it: an emulator does where this machine is of another kind."""
        return [*self.emulator(), program]

    def emulator(self) -> list[Path]:
        machine = self.target.split("-")[0]
        return [] if machine == platform.machine() else [ROOT / f".tools/bin/qemu-{machine}"]

    @staticmethod
    def of_package(file: Path) -> Platform:
        """By the name of the package."""
        return next(it for it in PLATFORMS if any(name in file.name for name in it.names()))

    def names(self) -> list[str]:
        return [self.target, f"_{self.debian}.", self.wheel, *self.vscode]


PLATFORMS = [
    Platform("x86_64-unknown-linux-musl", "amd64", "manylinux2014_x86_64.musllinux_1_1_x86_64",
             ["linux-x64", "alpine-x64"], "musl-gcc", None),
    Platform("aarch64-unknown-linux-musl", "arm64", "manylinux2014_aarch64.musllinux_1_1_aarch64",
             ["linux-arm64", "alpine-arm64"], "aarch64-linux-gnu-gcc", "rust-lld"),
]
