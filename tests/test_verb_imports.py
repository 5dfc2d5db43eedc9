"""What each verb loads before it has read a word: start-up is part of the product."""

import ast
import functools
import os
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import pytest

import autotune
from autotune.cli.verb_table import VERBS

ROOT = Path(autotune.__file__).parent
HEAVY = {
    "aiconfigurator_core", "alembic", "cel", "docker", "fastapi", "httpx", "hydra", "jinja2", "kubernetes", "omegaconf", "optuna", "plotly",
    "prompt_toolkit", "psutil", "psycopg", "pyarrow", "pydantic", "pynvml", "ray", "rich", "sqlalchemy", "starlette", "typer", "uvicorn", "yaml",
}  # fmt: skip
CONFIGS = {"pydantic", "yaml"}
TABLES = CONFIGS | {"rich"}
RUNS = {"httpx", "psutil", "sqlalchemy"}
#: What may be imported with the verb's own module. Everything else waits until it is needed.
ALLOWED = {
    "ui": set(), "schema": {"pydantic"},
    **dict.fromkeys(["compile", "check", "emit", "import", "profiles"], CONFIGS),
    **dict.fromkeys(["explain", "diff", "calibrations", "weights", "models", "systems"], TABLES),
    **dict.fromkeys(["report", "migrate"], CONFIGS | {"sqlalchemy"}),
    "results": TABLES | {"sqlalchemy"}, "predict": TABLES | {"httpx"}, "verify": TABLES | {"httpx", "sqlalchemy"},
    "cancel": RUNS, "runs": RUNS | {"rich"}, **dict.fromkeys(["run", "resume", "logs", "gc"], TABLES | RUNS),
}  # fmt: skip


@functools.cache
def homes(path):
    """Where the lazily found names of a package live."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_HOMES":
            return ast.literal_eval(node.value)
    return {}


@functools.cache
def file_of(module):
    place = ROOT.parent.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


@functools.cache
def top_level(path):
    """(module, names) of every import that runs when the file is imported."""
    return list(_top_level(path))


def _top_level(path):
    hidden = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        ):
            hidden |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield resolve_name("." * node.level + (node.module or ""), "autotune"), [alias.name for alias in node.names]


def loaded_with(module):
    """Every module of ours, and the roots of every other, that importing a module imports."""
    seen, roots, todo = set(), set(), [module]
    while todo:
        name = todo.pop()
        parts = name.split(".")
        if parts[0] != "autotune":
            roots.add(parts[0])
            continue
        todo += [parent for end in range(1, len(parts)) if (parent := ".".join(parts[:end])) not in seen]
        if name in seen or (path := file_of(name)) is None:
            continue
        seen.add(name)
        for imported, names in top_level(path):
            todo.append(imported)
            if imported.startswith("autotune") and (place := file_of(imported)) is not None:
                lazily = homes(place)
                todo += [lazily.get(item, f"{imported}.{item}") for item in names]
    return seen, roots


def test_every_verb_is_in_the_table():
    assert set(ALLOWED) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_loads_what_it_may(verb):
    ours, others = loaded_with(f"autotune.cli.verbs.{VERBS[verb].module}")
    assert len(ours) > 1
    assert others & HEAVY <= ALLOWED[verb]


def test_the_analysis_sees_what_python_does():
    """Held against the real thing for one verb: what is found in the syntax is what an interpreter loads."""
    code = "import sys; import autotune.cli.verbs.results; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    really = set(done.stdout.split())
    ours, others = loaded_with("autotune.cli.verbs.results")
    assert {name for name in really if name.startswith("autotune")} == ours
    assert others & HEAVY <= {name.partition(".")[0] for name in really} & HEAVY


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["compile", "parallel.tp=2"], CONFIGS),
        (["compile", "+profile=fp8_quantized", "quantization=fp8", "parallel.tp=1,2", "-m"], CONFIGS | {"cel"}),
        (["check", "parallel.tp=2"], CONFIGS),
        (["profiles"], CONFIGS),
        (["schema"], {"pydantic"}),
    ],
)
def test_carrying_it_out_loads_no_more(arguments, allowed, tmp_path):
    code = (
        "import sys; from autotune.cli import main; code = main(sys.argv[1:]);"
        f"print(code, *sorted({{m.partition('.')[0] for m in sys.modules}} & {HEAVY!r} - {{'cel'}}), file=sys.stderr);"
        "print('cel.cli' in sys.modules, file=sys.stderr)"
    )
    environ = {"PYTHONPATH": str(ROOT.parent), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=environ
    )
    loaded, shell = done.stderr.splitlines()[-2:]
    assert loaded.split()[0] == "0"
    assert set(loaded.split()[1:]) <= allowed
    assert shell == "False"


@pytest.mark.parametrize("package", sorted(file.parent for file in ROOT.rglob("__init__.py") if homes(file)))
def test_no_lazy_name_is_that_of_a_module_beside_it(package):
    """Importing the module would put it in the name's place."""
    assert not {
        name
        for name in homes(package / "__init__.py")
        if (package / f"{name}.py").exists() or (package / name).is_dir()
    }
