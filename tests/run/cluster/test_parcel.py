"""Files on their way into a pod and out of its log: what goes in comes out, however it is cut; what is damaged is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.run.cluster import in_pod
from autotune.run.cluster.parcel import LogReader, pack

MARKER = "autotune-0123"


@pytest.fixture
def pod(tmp_path):
    """`pod(files, *command)`: the log of a pod that gets these files and runs that command, as the container would."""

    def run(files, *command, search=""):
        given, inbox, work = (tmp_path / name for name in ("given", "in", "work"))
        for folder in (given, inbox, work):
            folder.mkdir()
        for name, text in files.items():
            (given / name).parent.mkdir(parents=True, exist_ok=True)
            (given / name).write_text(text)
        for number, piece in enumerate(pack(given)):
            (inbox / f"piece-{number:04}").write_bytes(piece)
        script = Path(in_pod.__file__).read_text()
        done = subprocess.run(
            [sys.executable, "-c", script, str(inbox), str(work), MARKER, search, *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


def read(log, folder, cut=None):
    """(what was printed, the status, the files) of a log that comes in pieces of that size."""
    reader, printed = LogReader(MARKER), b""
    size = cut or len(log) or 1
    for at in range(0, len(log), size):
        printed += reader.feed(log[at : at + size])
    status = reader.unpack(folder)
    return printed.decode(), status, {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_only_what_is_new_comes_back_beside_what_was_printed(pod, tmp_path):
    body = "import pathlib, sys; print('hello'); pathlib.Path('out.json').write_text(open('a/in.txt').read() * 2); print('bye', file=sys.stderr); sys.exit(3)"  # fmt: skip
    code, log = pod({"a/in.txt": "x", "b.txt": "y"}, sys.executable, "-c", body)
    printed, status, files = read(log, tmp_path / "out", cut=7)
    assert (code, status) == (3, 3)
    assert sorted(printed.split()) == ["bye", "hello"]
    assert files == {"out.json": "xx"}


def test_a_file_that_was_changed_comes_back(pod, tmp_path):
    _, log = pod({"in.txt": "x"}, sys.executable, "-c", "open('in.txt', 'w').write('changed')")
    assert read(log, tmp_path / "out")[2] == {"in.txt": "changed"}


def test_large_files_survive(pod, tmp_path):
    import random

    random.seed(1)
    text = random.randbytes(2_000_000).hex()
    (tmp_path / "make.py").write_text(f"import random; random.seed(1); open('big', 'w').write(random.randbytes({2_000_000}).hex())")  # fmt: skip
    _, log = pod({"x": text}, sys.executable, str(tmp_path / "make.py"))
    assert read(log, tmp_path / "out", cut=65_536)[2] == {"big": text}


def test_a_command_is_looked_for_in_the_images_own_folders_first(pod, tmp_path):
    tool = tmp_path / "tools" / "tool"
    tool.parent.mkdir()
    tool.write_text(f"#!{sys.executable}\nprint('from the folder')\n")
    tool.chmod(0o755)
    code, log = pod({"x": ""}, "tool", search=f"/nowhere:{tool.parent}")
    assert (code, read(log, tmp_path / "out")[0].strip()) == (0, "from the folder")


def test_a_command_that_is_not_there_is_said(pod, tmp_path):
    code, log = pod({"x": ""}, "nosuchtool")
    assert (code, read(log, tmp_path / "out")[0].strip()) == (in_pod.NOT_FOUND, "this image has no command nosuchtool")


def test_without_a_command_a_folder_is_read(tmp_path, capfd):
    (tmp_path / "claim").mkdir()
    (tmp_path / "claim" / "a.json").write_text("1")
    assert in_pod.main("-", str(tmp_path / "claim"), MARKER, "") == 0
    assert read(capfd.readouterr().out.encode(), tmp_path / "out")[2] == {"a.json": "1"}


def test_a_folder_that_is_not_there_is_empty(tmp_path, capfd):
    assert in_pod.main("-", str(tmp_path / "nothing"), MARKER, "") == 0
    assert read(capfd.readouterr().out.encode(), tmp_path / "out")[2] == {}


def whole(tmp_path, capfd):
    (tmp_path / "claim").mkdir()
    (tmp_path / "claim" / "a.json").write_text("1" * 5000)
    in_pod.main("-", str(tmp_path / "claim"), MARKER, "")
    return capfd.readouterr().out.encode()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda log: log[: len(log) // 2], "ends before its files do"),
        (lambda log: b"", "ends before its files do"),
        (lambda log: log.replace(b"\nH4s", b"\nX4s"), "damaged"),
        (lambda log: b"\n".join(line for line in log.split(b"\n") if not line.startswith(b"H4s")), "damaged"),
    ],
)
def test_a_log_that_is_not_whole_is_an_error(tmp_path, capfd, harm, says):
    reader = LogReader(MARKER)
    reader.feed(harm(whole(tmp_path, capfd)))
    with pytest.raises(ValueError, match=says):
        reader.unpack(tmp_path / "out")


def test_a_file_that_would_leave_its_folder_is_refused(tmp_path):
    import base64
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../evil"), io.BytesIO())
    reader = LogReader(MARKER)
    reader.feed(f"{MARKER} BEGIN\n{base64.b64encode(packed.getvalue()).decode()}\n{MARKER} END 0\n".encode())
    with pytest.raises(ValueError, match="outside its folder"):
        reader.unpack(tmp_path / "out")
    assert not (tmp_path / "evil").exists()


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=8), st.integers(1, 13))
def test_what_is_printed_is_the_same_however_the_log_is_cut(lines, size):
    log = b"".join(line + b"\n" for line in lines)
    reader, printed = LogReader(MARKER), b""
    for at in range(0, len(log), size):
        printed += reader.feed(log[at : at + size])
    assert (printed, reader.status) == (log, None)
