"""The direction of imports, and what the pure core may not touch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autotune

ROOT = Path(autotune.__file__).parent
ORDER = [
    "diagnostics", "schema", "catalog", "layers", "engines", "check", "emit", "importing", "predict", "score", "search",
    "verify", "bench", "store", "run", "report", "migrate", "web", "cli",
]  # fmt: skip
CORE = [*ORDER[: ORDER.index("verify") + 1], "migrate"]
#: Two loaders of data that ships with the package, and the one reader of a model folder; nothing else.
READERS = {"engines/known.py", "catalog/folder.py", "emit/script.py"}
OUTSIDE = {
    "pathlib",
    "os",
    "subprocess",
    "socket",
    "shutil",
    "tempfile",
    "httpx",
    "time",
    "datetime",
    "hydra",
    "omegaconf",
    "threading",
}


def imports(path, *, types=False):
    """Modules imported by a file; those under TYPE_CHECKING only when asked for."""
    tree = ast.parse(path.read_text())
    hidden = set()
    if not types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                hidden |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def modules(packages, without=()):
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    names = {path: str(path.relative_to(ROOT)) for path in paths}
    return [pytest.param(path, id=name) for path, name in names.items() if name not in without]


@pytest.mark.parametrize("path", modules(ORDER))
def test_imports_point_left(path):
    rank = ORDER.index(path.relative_to(ROOT).parts[0])
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "autotune" and len(parts) > 1 and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= rank, f"{name} stands to the right"


@pytest.mark.parametrize("path", modules(CORE, without=READERS))
def test_the_core_is_pure(path):
    assert {name.partition(".")[0] for name in imports(path)}.isdisjoint(OUTSIDE)
    for node in ast.walk(ast.parse(path.read_text())):
        # Randomness is a generator made with a seed that came in as an argument, or the generator itself.
        if isinstance(node, ast.Import):
            assert "random" not in {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            assert {alias.name for alias in node.names} == {"Random"}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Random":
            assert node.args, "without a seed it takes one from the system"


@pytest.mark.parametrize(
    "path",
    modules(
        [
            "diagnostics",
            "schema",
            "catalog",
            "layers",
            "engines",
            "check",
            "emit",
            "predict",
            "score",
            "search",
            "verify",
            "bench",
            "store",
            "run",
            "report",
            "compiler",
        ]
    ),
)
def test_only_compose_knows_hydra(path):
    assert {name.partition(".")[0] for name in imports(path)}.isdisjoint({"hydra", "omegaconf"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-sc", "query=bash"]])
def test_what_must_be_instant_loads_nothing_heavy(arguments):
    code = (
        "import sys; from autotune.cli import main; main(sys.argv[1:]);"
        "print(*sorted({m.partition('.')[0] for m in sys.modules} & {'hydra', 'omegaconf', 'pydantic', 'rich', 'sqlalchemy', 'httpx', 'docker', 'kubernetes', 'yaml', 'cel'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"COMP_LINE": "autotune com", "PYTHONPATH": str(ROOT.parent)},
    )
    assert done.stderr.strip() == ""
