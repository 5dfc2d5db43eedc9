"""The direction of imports, and what the pure core may not touch."""

import ast
import functools
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


@functools.cache
def parsed(path):
    return ast.parse(path.read_text())


@functools.cache
def imports(path):
    """Modules imported by a file, without those under TYPE_CHECKING."""
    tree = parsed(path)
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            hidden |= {id(inner) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module)
    return found


def modules(package):
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no module in {package}"
    return found


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", ORDER)
def test_imports_point_left(package):
    right = set(ORDER[ORDER.index(package) + 1 :])
    wrong = [
        f"{name_of(path)} imports {name}, which stands to the right"
        for path in modules(package)
        for name in imports(path)
        if name.startswith("autotune.") and name.split(".")[1] in right
    ]
    assert not wrong


@pytest.mark.parametrize("package", CORE)
def test_the_core_is_pure(package):
    wrong = [
        f"{name_of(path)}: {fault}"
        for path in modules(package)
        if name_of(path) not in READERS
        for fault in impurities(path)
    ]
    assert not wrong


def impurities(path):
    yield from (f"imports {name}" for name in imports(path) if name.partition(".")[0] in OUTSIDE)
    for node in ast.walk(parsed(path)):
        # Randomness is a generator made with a seed that came in as an argument, or the generator itself.
        if isinstance(node, ast.Import):
            if "random" in {alias.name for alias in node.names}:
                yield "imports random"
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            if {alias.name for alias in node.names} != {"Random"}:
                yield "imports more of random than Random"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Random"
            and not node.args
        ):
            yield "Random() without a seed takes one from the system"


@pytest.mark.parametrize(
    "package",
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
    ],
)
def test_only_compose_knows_hydra(package):
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in modules(package)
        for name in imports(path)
        if name.partition(".")[0] in {"hydra", "omegaconf"}
    ]
    assert not wrong


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
