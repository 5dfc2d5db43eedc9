import pytest

from autotune.diagnostics import InputError
from autotune.importing.command_line import read_command
from autotune.importing.docker_run import read_size


def test_every_option_is_read_or_kept_as_text():
    server = read_command(
        "docker run --rm -it --gpus '\"device=0,1\"' --name x -e A=1 --env=B=2 -eC=3 --env HF_TOKEN --env-file f "
        "-v /m:/models:ro --mount type=volume,source=claim,target=/w --shm-size 16g -p 8000:8000 --ipc=host "
        "--ulimit memlock=-1 --label team=a --entrypoint vllm vllm/vllm-openai:v0.11.0 serve org/m --port 8000",
        "here",
    )
    assert server.argv == ("vllm", "serve", "org/m", "--port", "8000")
    assert server.env == {"A": "1", "B": "2", "C": "3"}
    assert [(item.env, item.secret) for item in server.secrets] == [("HF_TOKEN", None)]
    assert server.image == "vllm/vllm-openai:v0.11.0"
    assert (server.name, server.gpus, server.shm_bytes, server.labels) == ("x", 2, 16 * 2**30, {"team": "a"})
    assert [(item.host_path, item.pvc, item.mount_path, item.read_only) for item in server.volumes] == [
        ("/m", None, "/models", True),
        (None, "claim", "/w", False),
    ]
    assert {"--env-file f", "--ulimit memlock=-1", "--publish 8000:8000", "--ipc host", "--rm", "-it"} <= set(
        server.unread
    )


@pytest.mark.parametrize("tool", ["docker run", "docker container run", "podman run", "nerdctl run", "sudo docker run"])
def test_other_tools_take_the_same(tool):
    server = read_command(f"{tool} -d vllm/vllm-openai:latest --model org/m", "here")
    assert server.argv == ("--model", "org/m")


def test_a_variable_of_the_caller_is_no_value():
    server = read_command('docker run -e "HF_TOKEN=$HF_TOKEN" -e HOME=$HOME vllm/vllm-openai --model m', "here")
    assert server.env == {}
    assert server.secrets[0].env == "HF_TOKEN"
    assert "--env HOME" in server.unread


@pytest.mark.parametrize("text", ["docker run", "docker run --gpus", "docker run --rm -it"])
def test_without_an_image_it_is_refused(text):
    with pytest.raises(InputError):
        read_command(text, "here")


@pytest.mark.parametrize(
    ("text", "size"),
    [("16g", 16 * 2**30), ("64m", 2**26), ("10.24gb", round(10.24 * 2**30)), ("1Gi", 2**30), ("7", 7), ("big", None)],
)
def test_sizes(text, size):
    assert read_size(text) == size
