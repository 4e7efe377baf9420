"""Imports go one way, as docs/architecture.md shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import ROOT, SCRIPT

# A package imports from those before it and from itself; those in one line don't import from each other.
LAYERS = (
    ("errors", "reasons"),
    ("mapping",),
    ("reading",),
    ("series",),
    ("textfile",),
    ("drafting", "dashboard"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
RANK = {package: rank for rank, layer in enumerate(LAYERS) for package in layer}
FOUNDATION = LAYERS[0]


def module_of(path: Path) -> str:
    parts = path.relative_to(SCRIPT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SCRIPT.rglob("*.py"))}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules of the program that a module names, wherever in it; "" is the package itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            if (node.module or "").split(".")[0] == "xmlprom":
                base = (node.module or "").partition(".")[2]
                for alias in node.names:
                    inner = f"{base}.{alias.name}".strip(".")
                    yield inner if inner in MODULES else base
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "xmlprom":
                    yield alias.name.partition(".")[2]


def is_leaf(module: str) -> bool:
    """Whether it imports nothing of the program but errors and reasons: then anything may import it."""
    return all(name in ("", *FOUNDATION) for name in imports(MODULES[module]))


@pytest.mark.parametrize("module", [module for module in MODULES if module != "__init__"])
def test_imports_go_one_way(module: str) -> None:
    own = module.split(".", maxsplit=1)[0]
    assert own in RANK, f"{module}: its package has no place in docs/architecture.md"
    for name in imports(MODULES[module]):
        other = name.split(".")[0]
        if name and other != own and not is_leaf(name):
            assert RANK[other] < RANK[own], f"{module} imports {name}"


def test_the_document_shows_the_same_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```text order\n(.*?)```", text, re.S)
    order = [tuple(re.findall(r"[a-z_]+", line.split("  ")[0])) for line in shown.splitlines()]
    assert order == [layer for layer in reversed(LAYERS) if layer != ("__main__",)]


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_document_names_files_that_there_are(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = [name for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text) if "NAME" not in name]
    assert len(named) > 15
    assert [name for name in named if not any(place.exists() for place in (ROOT / name, SCRIPT / name))] == []


def test_every_package_says_what_it_is_for() -> None:
    for module, tree in MODULES.items():
        assert ast.get_docstring(tree), module
