"""Part of `make lint`: every template parses, and none carries what the Content-Security-Policy or htmx 4 forbids, and
none says a word that is not marked for translation."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [ROOT / "erp" / "templates", *sorted((ROOT / "simulators").glob("*/templates"))]
FOR_BUILDERS = FOLDERS[0] / "ui"
"""The page of components speaks English alone, and says so by its `lang`."""
UPGRADE_CHECK = ROOT / "erp/assets/node_modules/htmx.org/dist/scripts/upgrade-check.py"

FORBIDDEN = {
    r"\sstyle\s*=": "inline style: give it a class in erp/assets/src/",
    r"\bhx-on\b": "hx-on needs eval: write a listener in erp/assets/src/erp.js",
    r"\son[a-z]+\s*=\s*[\"']": "inline handler: write a listener in erp/assets/src/erp.js",
    r"<script(?![^>]*\bsrc\s*=)": "inline script: put it into erp/assets/src/erp.js",
    r"<style\b": "inline style sheet: put it into erp/assets/src/",
    r"\|\s*safe\b": "escaping switched off",
    r"autoescape\s+false": "escaping switched off",
    r"hx-(vals|headers)[^=]*=\s*[\"']js:": "js: needs eval",
    r"hx-trigger[^=]*=\s*[\"'][^\"']*\[": "a trigger filter needs eval",
}

SPOKEN = re.compile(r'(?:aria-label|title|placeholder|alt|data-confirm)="([^"]*)"')
NAMES = re.compile(r'\b(RefERP|Enter|Esc|CSV|XLSX)\b|[\w:-]+="[^"]*"')
"""What is the same in every language: the product, keys, and attributes that a macro writes."""


def main() -> int:
    problems = [
        problem for folder in FOLDERS for file in sorted(folder.rglob("*.*")) for problem in _problems(file)
    ]
    print("\n".join(problems) or "Templates are clean.")
    return 1 if problems or not _is_htmx_4() else 0


def _problems(file: Path) -> Iterator[str]:
    name = file.relative_to(ROOT)
    source = file.read_text()
    try:
        Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(source)
    except TemplateSyntaxError as error:
        yield f"{name}:{error.lineno}: {error.message}"
    translated = FOLDERS[0] in file.parents and FOR_BUILDERS not in file.parents
    for text in _unmarked(source) if translated else ():
        yield f"{name}: not marked for translation: {text!r}"
    for number, line in enumerate(source.splitlines(), start=1):
        for pattern, reason in FORBIDDEN.items():
            if re.search(pattern, line):
                yield f"{name}:{number}: {reason}"


def _unmarked(source: str) -> Iterator[str]:
    """Words that a reader would see, or hear, outside `_()`. What Jinja fills in is left out before looking."""
    skeleton = "".join(
        value if kind == "data" else " "
        for _line, kind, value in Environment(extensions=["jinja2.ext.do"]).lex(source)
    )
    for text in [*SPOKEN.findall(skeleton), *re.split(r"<[^>]*>", skeleton)]:
        words = NAMES.sub("", re.sub(r"&\w+;", "", text)).strip()
        if re.search(r"[^\W\d_]{2}", words):
            yield " ".join(text.split())


def _is_htmx_4() -> bool:
    """htmx's own search for habits of version 2."""
    folder = str(FOLDERS[0])
    done = subprocess.run(
        [sys.executable, str(UPGRADE_CHECK), folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout + done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
