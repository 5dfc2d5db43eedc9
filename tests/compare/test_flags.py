import pytest

from autotune.compare.flags import read_flags


def vllm(*words):
    return read_flags(("vllm", "serve", "m", *words), "vllm", "0.33.0")


@pytest.mark.parametrize(
    "words",
    [
        ["-tp", "2"],
        ["-tp=2"],
        ["--tensor-parallel-size=2"],
        ["--tensor_parallel_size", "2"],
    ],
)
def test_one_flag_in_its_spellings(words):
    assert vllm(*words) == {"model": ("m",), "--tensor-parallel-size": ("2",)}


def test_the_way_a_server_is_started_is_no_flag():
    module = ("python3", "-m", "vllm.entrypoints.openai.api_server", "--model", "m", "--seed", "1")
    wanted = {"model": ("m",), "--seed": ("1",)}
    assert read_flags(module, "vllm", "0.33.0") == wanted
    assert read_flags(("/opt/venv/bin/vllm", "serve", "m", "--seed=1"), "vllm", "0.33.0") == wanted
    assert read_flags(("nohup", "vllm", "serve", "--model", "m", "--seed", "1"), "vllm", "0.33.0") == wanted
    assert read_flags(("--model", "m", "--seed", "1"), "vllm", "0.33.0") == wanted, "what an image's entry point gets"
    assert read_flags(("m", "--seed", "1"), "vllm", "0.33.0") == wanted


def test_a_switch_that_is_off_is_its_flag_with_false():
    assert vllm("--no-enable-prefix-caching")["--enable-prefix-caching"] == ("false",)
    assert vllm("--enable-prefix-caching")["--enable-prefix-caching"] == ()


def test_json_is_read_by_its_keys_whatever_its_blanks_and_order():
    one = vllm("--compilation-config", '{"mode": 3, "cudagraph_mode": "FULL"}')
    assert one == vllm("--compilation-config", '{"cudagraph_mode":"FULL","mode":3}')
    assert one == vllm("--compilation-config.mode", "3", "--compilation-config.cudagraph_mode", "FULL")


def test_what_starts_no_engine_is_kept_as_it_stands():
    argv = ("python3", "-m", "sglang_router.launch_router", "--policy", "random", "--policy", "last")
    assert read_flags(argv, "sglang", "0.5.23") == {
        "command": ("python3",),
        "-m": ("sglang_router.launch_router",),
        "--policy": ("random", "last"),
    }
    assert read_flags(("serve", "it", "--x", "1"), None, None) == {"command": ("serve", "it"), "--x": ("1",)}


def test_an_unknown_version_is_read_with_the_newest_flags():
    words = ("vllm", "serve", "m", "-tp", "2")
    assert read_flags(words, "vllm", None) == read_flags(words, "vllm", "99.0") == vllm("-tp", "2")


def test_flags_that_no_version_has_are_compared_too():
    assert vllm("--my-plugin-flag", "a b", "--bare") == {
        "model": ("m",),
        "--my-plugin-flag": ("a b",),
        "--bare": (),
    }
