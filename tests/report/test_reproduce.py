import shlex

from autotune.report.reproduce import point_command, run_commands, show_command
from autotune.store import RunInputs
from tests.report.results import result, run


def test_the_run_is_one_command_with_the_task_it_was_made_from():
    inputs = RunInputs(
        ("parallel.tp=2,4", "model.id=a b"), "parallel: {}\n", "/home/me/t x.yaml", "/home/me", True,
        ("/home/me/groups",), ("AT104",),
    )  # fmt: skip
    commands = run_commands(run(inputs=inputs, environment={"git": {"commit": "abc"}}))
    assert [shlex.split(line) for line in commands] == [
        ["git", "checkout", "abc"],
        ["autotune", "results", "run-1", "--task", "-o", "t x.yaml"],
        ["autotune", "run", "t x.yaml", "parallel.tp=2,4", "model.id=a b", "--config-dir", "groups", "--deny", "AT104", "-m"],
    ]  # fmt: skip
    assert "/home/me" not in "\n".join(commands)


def test_secrets_are_masked_and_imports_cannot_be_run_again():
    (line,) = run_commands(run(inputs=RunInputs(("misc.env.HF_TOKEN=abc",))))
    assert "abc" not in line
    assert run_commands(run(executor="import", source={"tool": "guidellm"})) == []


def test_a_point_survives_a_shell():
    overrides = ("model.id=a b;$(rm -rf x)`y`'z'", "benchmark.num_concurrency=[1,8]", "+profile=[a,b]")
    assert shlex.split(point_command(result(overrides=overrides))) == ["autotune", "run", *overrides]
    argv = ["vllm", "serve", "a'b", "--x", '{"k": "v w"}', "-y", "$HOME"]
    assert shlex.split(show_command(argv).replace("\\\n", " ")) == argv
