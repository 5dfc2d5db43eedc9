from autotune.engines.flag_groups import split_flag_groups


def test_flags_with_their_values():
    assert split_flag_groups(["vllm", "serve", "m", "-tp", "2", "--a=b=c", "--x", "--y", "1", "-1", "--", "-"]) == [
        ("", ("vllm", "serve", "m")),
        ("-tp", ("2",)),
        ("--a", ("b=c",)),
        ("--x", ()),
        ("--y", ("1", "-1", "--", "-")),
    ]


def test_values_that_only_look_like_flags_are_values():
    assert split_flag_groups(["--key", "-----BEGIN KEY-----"]) == [("--key", ("-----BEGIN KEY-----",))]
    assert split_flag_groups([]) == []
