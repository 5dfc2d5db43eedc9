"""The wheel: built, unpacked elsewhere, run from another folder with nothing of the checkout in reach."""

import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_wheel_works_from_any_folder(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path / "dist", ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("llm_autotune-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    for wanted in (
        "autotune/conf/config.yaml",
        "autotune/profiles/fp8_quantized.yaml",
        "autotune/templates/report/page.html.j2",
        "autotune/templates/web/base.html.j2",
        "autotune/web/static/vendor/htmx-2.0.8.min.js",
        "autotune/store/migrations/env.py",
        "autotune/store/migrations/versions/v0001_first_release.py",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    env = {**os.environ, "PYTHONPATH": str(site), "HOME": str(tmp_path), "AUTOTUNE_HOME": str(tmp_path / "data")}
    where = subprocess.run(
        [sys.executable, "-c", "import autotune; print(autotune.__file__)"],
        cwd="/",
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(str(site))
    for words in (
        ["compile", "+profile=fp8_quantized"],
        ["emit", "-t", "shell,k8s"],
        ["profiles"],
        ["run", "executor=emulated", "benchmark=smoke", "executor.speed=100"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "autotune", *words], cwd="/", env=env, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((ROOT / "tests/store/data/unreleased.sql").read_text())
    words = ["results", "--list", "--format", "json", "--store", str(old)]
    done = subprocess.run(
        [sys.executable, "-m", "autotune", *words], cwd="/", env=env, check=True, capture_output=True, text=True
    )
    assert len(json.loads(done.stdout)) == 2, "a store of an earlier version is brought up to date"
