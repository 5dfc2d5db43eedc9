import os

from autotune.run import raw_output
from autotune.run.raw_output import collect_raw, hide_secrets


def test_every_file_is_taken_as_it_is(tmp_path):
    (tmp_path / "run0").mkdir()
    noise = bytes(range(256)) * 10
    (tmp_path / "run0" / "a.bin").write_bytes(noise)
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "circle").symlink_to(tmp_path)
    found = collect_raw(tmp_path, {})
    assert [(file.name, file.content) for file in found] == [("empty", b""), ("run0/a.bin", noise)]
    assert collect_raw(tmp_path / "nowhere", {}) == []


def test_a_large_file_is_noted_and_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_output, "MAX_FILE_BYTES", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    (file,) = collect_raw(tmp_path, {})
    assert (file.name, file.size_bytes, file.content) == ("large", 11, None)


def test_a_pipe_is_no_output(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert collect_raw(tmp_path, {}) == []


def test_secrets_are_hidden_and_everything_else_stays_byte_for_byte():
    env = {"HF_TOKEN": "hf_abcdefgh", "AUTOTUNE_STORE": "postgresql://me:hunter2hunter2@host/db"}
    content = b"\xff\x00token hf_abcdefgh, pass hunter2hunter2\xfe\n"
    assert hide_secrets(content, env) == b"\xff\x00token (hidden), pass (hidden)\xfe\n"
    assert hide_secrets(content, {}) == content
