import pytest

from autotune.diagnostics import InputError
from autotune.importing.command_line import read_command, read_commands

SERVE = ("vllm", "serve", "org/m")


@pytest.mark.parametrize(
    "text",
    [
        "vllm serve org/m",
        "exec vllm serve org/m",
        "nohup vllm serve org/m > log 2>&1 &",
        "sudo -E env A=b vllm serve org/m",
        "cd /srv && source venv/bin/activate && vllm serve org/m",
        "# how to\nM=org/m\nvllm serve $M",
        "numactl --cpunodebind=0 vllm serve org/m",
        "if true; then vllm serve org/m; fi",
    ],
)
def test_the_engines_command_is_found(text):
    assert read_command(text, "here").argv == SERVE


def test_words_of_a_shell_are_taken_as_they_are():
    server = read_command(["A=b", "vllm", "serve", "org/m", "--x", "two words", "$y"], "here")
    assert server.argv == (*SERVE, "--x", "two words", "$y")
    assert server.env == {"A": "b"}


def test_environment_files_and_what_stands_beside():
    server = read_command(
        "export A=1 B='2 3'\nC=4 env D=5 nice -n 5 trtllm-serve org/m --config f.yml\nexport HF_TOKEN\npip list\n"
        "cat > f.yml <<EOF\nx: 1\nEOF\n",
        "here",
    )
    assert server.env == {"A": "1", "B": "2 3", "C": "4", "D": "5"}
    assert server.argv[:2] == ("trtllm-serve", "org/m")
    assert "pip list" in server.unread
    assert any("nice" in text for text in server.unread)


def test_a_file_written_before_belongs_to_the_server():
    server = read_command("F=/tmp/f.yml\ncat << EOF > ${F}\nx: 1\nEOF\ntrtllm-serve org/m --config $F", "here")
    assert server.files == {"/tmp/f.yml": "x: 1\n"}
    assert server.argv[-1] == "/tmp/f.yml"


def test_several_servers_are_several():
    assert [server.argv[2] for server in read_commands("vllm serve a & vllm serve b", "here")] == ["a", "b"]
    with pytest.raises(InputError, match="2 servers"):
        read_command("vllm serve a & vllm serve b", "here")


@pytest.mark.parametrize(
    "text", ["", "  \n", "# nothing", "ls -l", "echo vllm serve x", "pip install vllm", "vllm bench serve"]
)
def test_what_starts_no_engine_is_refused(text):
    with pytest.raises(InputError) as caught:
        read_command(text, "here")
    assert [item.code for item in caught.value.diagnostics] == ["AT042"]


def test_a_flag_on_a_line_of_its_own_is_not_dropped():
    with pytest.raises(InputError, match="line of its own"):
        read_command("vllm serve org/m\n  --tensor-parallel-size 2", "here")
