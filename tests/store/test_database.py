"""What a database refuses: said in words, with what was lost, and nothing of it makes the file worse."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from autotune.diagnostics import InputError
from autotune.store import RawFile, Store, database
from tests.store.postgres import PASSWORD
from tests.store.test_store import result, run


def refusal(act):
    with pytest.raises(InputError) as caught:
        act()
    found = caught.value.diagnostics[0]
    return f"{found.code}: {found.message} | {found.help}"


@pytest.fixture
def full(tmp_path):
    """A store with one run and one result, closed."""
    place = tmp_path / "results.db"
    with Store(place) as store:
        store.create_run(run())
        store.save(result())
    return place


def test_a_locked_store_is_waited_for_and_then_an_error_that_says_what_was_lost(full, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with Store(full) as store:
        other = sqlite3.connect(full, isolation_level=None)
        other.execute("begin immediate")
        said = refusal(lambda: store.save(result("p2")))
        assert len(store.results()) == 1  # who reads does not wait for who writes
        other.execute("rollback")
        other.close()
        assert "results.db cannot be used: another process kept it locked for 0.05 s" in said
        assert "the result of point p2 was not stored" in said
        store.save(result("p2"))
        assert len(store.results()) == 2


def test_a_locked_postgresql_store_is_an_error_too(postgres, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    place = postgres.database()
    with Store(place) as store, Store(place) as other:
        store.create_run(run())
        with other._database.writing("it") as connection:
            connection.exec_driver_sql("lock table results")
            said = refusal(lambda: store.save(result()))
        assert "another process kept it locked for 0.05 s; the result of point p1 was not stored" in said
        store.save(result())


def test_a_full_disk_is_an_error_that_says_what_was_lost_and_what_is_stored_stays(full):
    with Store(full) as store:
        event.listen(store._database.engine, "checkout", lambda raw, *_: raw.execute("pragma max_page_count = 1"))
        noise = os.urandom(200_000)
        said = refusal(lambda: store.save(result("p2"), [RawFile.of("noise", noise)]))
        assert "results.db cannot be used: the disk is full; the result of point p2 was not stored" in said
        assert "what is stored is intact" in said
    with Store(full) as store:
        assert [item.point_id for item in store.results()] == ["p1"]
        assert store.problems() == []
        store.save(result("p2"), [RawFile.of("noise", noise)])


@contextmanager
def mounted(folder, size):
    """A small file system of its own, so that it can really be full, or read-only."""
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a file system")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_file_system_that_is_really_full(tmp_path):
    with mounted(tmp_path / "small", "600k") as folder, Store(folder / "results.db") as store:
        store.create_run(run())
        store.save(result())
        said = refusal(lambda: store.save(result("p2"), [RawFile.of("noise", os.urandom(2_000_000))]))
        assert "the disk is full; the result of point p2 was not stored" in said
        assert [item.point_id for item in store.results()] == ["p1"]
        assert store.problems() == []


def test_a_read_only_file_system_can_be_read_and_says_so_when_written(full, tmp_path):
    with mounted(tmp_path / "fixed", "4m") as folder:
        shutil.copy(full, folder / "results.db")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with Store(folder / "results.db") as store:
            assert len(store.results()) == 1
            said = refusal(lambda: store.save(result("p2")))
            assert "it can only be read; the result of point p2 was not stored" in said
            assert "--store or AUTOTUNE_STORE" in said
        assert sorted(item.name for item in folder.iterdir()) == ["results.db"]
        assert "AT031: the folder" in refusal(lambda: Store(folder / "deep" / "new.db"))
        assert "AT031: the store" in refusal(lambda: Store(folder / "new.db"))


def test_a_file_without_the_right_to_write_is_read(full, monkeypatch):
    monkeypatch.setattr(database.os, "access", lambda *_: False)  # root may write everything
    before = full.read_bytes()
    with Store(full) as store:
        assert len(store.results()) == 1
        assert "it can only be read" in refusal(lambda: store.create_run(run("other")))
    assert full.read_bytes() == before


def test_an_old_file_that_cannot_be_written_says_what_to_do(tmp_path, monkeypatch):
    place = tmp_path / "old.db"
    connection = sqlite3.connect(place)
    connection.execute("create table schema_version (version integer)")
    connection.close()
    monkeypatch.setattr(database.os, "access", lambda *_: False)
    said = refusal(lambda: Store(place))
    assert "an older autotune wrote it, and it cannot be written" in said
    assert "copy it" in said


def test_what_is_no_database_is_an_error_and_never_overwritten(tmp_path):
    for content in (b"this is no database, but it is long enough to be looked at" * 20, b"\x00" * 5000):
        place = tmp_path / "broken.db"
        place.write_bytes(content)
        said = refusal(lambda: Store(tmp_path / "broken.db"))
        assert said.startswith("AT031: ")
        assert "broken.db" in said
        assert "left as it is" in said
        assert place.read_bytes() == content
    assert "AT031: the store" in refusal(lambda: Store(tmp_path))


@pytest.mark.parametrize("damage", ["cut", "page"])
def test_a_damaged_file_is_an_error_and_never_overwritten(full, damage):
    content = bytearray(full.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    else:
        content[4096:-4096] = b"\xff" * (len(content) - 8192)
    full.write_bytes(content)

    def use():
        with Store(full) as store:
            store.results()
            store.save(result("p2"))

    said = refusal(use)
    assert "AT031" in said
    assert "damaged" in said
    assert full.read_bytes() == bytes(content)


def test_the_check_finds_rows_without_an_owner(full):
    connection = sqlite3.connect(full)
    connection.execute("delete from results")  # foreign keys are off on this connection
    connection.commit()
    connection.close()
    with Store(full) as store:
        assert len(store.problems()) == 3
        assert "belongs to no results" in store.problems()[0]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("nosuch://me:hunter2@host/db", "AT031"),
        ("postgresql+nosuch://me:hunter2@host/db", "AT031"),
        ("postgresql://me:hunter2@127.0.0.1:1/db", "AT031"),
        ("postgresql://me:hunter2@nowhere.invalid/db", "AT031"),
        ("postgresql://127.0.0.1:1/db?user=me&password=hunter2", "AT031"),
        ("postgresql://me:p@hunter2@host/db", "AT031"),
        ("postgresql://me:p/hunter2@host/db", "AT031"),
        ("postgresql://me:x@host:hunter2/db", "AT031"),
        ("mysql://me:hunter2@host/db", "AT030"),
    ],
)
def test_an_address_that_does_not_work_is_an_error_without_its_password(address, code):
    said = refusal(lambda: Store(address))
    assert said.startswith(code)
    assert "hunter2" not in said


def test_a_wrong_password_is_an_error_without_it(postgres):
    said = refusal(lambda: Store(postgres.url("postgres", "wrong-" + PASSWORD)))
    assert 'password authentication failed for user "owner"' in said
    assert "hunter2" not in said
    assert "postgresql://owner:***@/postgres?host=" in said


def test_a_server_that_went_away_and_came_back_is_used_again(postgres):
    with Store(postgres.database()) as store:
        store.create_run(run())
        postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'autotune'")
        store.save(result())
        assert len(store.results()) == 1


def test_a_missing_driver_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None\nfrom autotune.store import Store\n"
        "from autotune.diagnostics import InputError\n"
        "try: Store('postgresql://me:hunter2@host/db')\nexcept InputError as error: print(error, error.diagnostics[0].help)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("AT030: ")
    assert "llm-autotune[postgres]" in done.stdout
    assert "hunter2" not in done.stdout
