"""Who holds a run, and who only looks."""

import os
import shutil
import threading
import time

import pytest

from autotune.run.lock import RunLock, is_held


def test_one_holds_it_and_whoever_looks_neither_takes_it_nor_makes_it(tmp_path):
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with RunLock(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(BlockingIOError), RunLock(tmp_path):
            pass
    assert not is_held(tmp_path)


def test_a_look_keeps_nobody_from_taking_it(tmp_path):
    over = threading.Event()

    def look():
        while not over.is_set():
            is_held(tmp_path)

    watchers = [threading.Thread(target=look) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(50):
            with RunLock(tmp_path):
                pass
    finally:
        over.set()
        for watcher in watchers:
            watcher.join()


def test_a_lock_that_is_waited_for_while_its_folder_is_made_anew_is_that_of_the_new_folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    waits = threading.Event()
    held = []

    def wait():
        waits.set()
        with RunLock(folder, wait=True):
            held.append(is_held(folder))

    with RunLock(folder):
        waiter = threading.Thread(target=wait)
        waiter.start()
        assert waits.wait(10)
        time.sleep(0.1)  # it has the old file open by now; were it later, the test would pass without testing
        shutil.rmtree(folder)
        folder.mkdir()
    waiter.join(10)
    assert held == [True]


def test_a_lock_that_may_not_be_looked_at_counts_as_held(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    (tmp_path / "lock").touch()
    monkeypatch.setattr(os, "open", refuse)
    assert is_held(tmp_path)
