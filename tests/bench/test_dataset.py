import json

import pytest

from autotune.bench.dataset import Prompt, read_dataset
from autotune.diagnostics import InputError


def read(name, text):
    return read_dataset(name, text.encode())


def lines(*records):
    return "\n".join(json.dumps(record) for record in records)


def test_text_is_a_prompt_a_line():
    assert read("p.txt", "one\n\n two words \n") == [Prompt("one"), Prompt("two words")]


@pytest.mark.parametrize("name", ["p.jsonl", "p.ndjson", "noname", "p.data"])
def test_json_lines_in_the_spelling_of_every_tool(name):
    text = lines(
        {"prompt": "vllm", "output_tokens": 5},
        {"text": "aiperf", "output_length": 6},
        {"question": "guidellm?", "output_tokens_count": "7"},
        {"messages": [{"role": "system", "content": "no"}, {"role": "user", "content": "chat"}], "max_tokens": 8},
        {"instruction": "none"},
    )
    assert read(name, text + "\n\n") == [
        Prompt("vllm", 5), Prompt("aiperf", 6), Prompt("guidellm?", 7), Prompt("chat", 8), Prompt("none"),
    ]  # fmt: skip


def test_sharegpt_gives_the_first_turn_and_guesses_the_answers_length():
    data = [
        {"id": "a", "conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "one two three"}]},
        {"id": "b", "conversations": []},
        {"id": "c", "conversations": [{"from": "gpt", "value": "no question"}]},
        {"id": "d", "conversations": [{"from": "system", "value": "s"}, {"from": "user", "value": "Hi"}]},
    ]
    assert read("ShareGPT.json", json.dumps(data)) == [Prompt("Hello", 4), Prompt("Hi")]


def test_a_json_list_of_texts():
    assert read("p.json", '["a", "b"]') == [Prompt("a"), Prompt("b")]


def test_csv_has_a_head_and_quoted_line_ends():
    text = 'id,prompt,output_tokens\n1,"two\nlines",12\n2,plain,\n3,,\n'
    assert read("p.csv", text) == [Prompt("two\nlines", 12), Prompt("plain")]


def test_a_byte_order_mark_is_no_text():
    assert read_dataset("p.txt", b"\xef\xbb\xbfone") == [Prompt("one")]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("p.jsonl", '{"prompt": "a"}\n{"prompt": \n', "line 2 is not JSON"),
        ("p.jsonl", '{"body": "a"}', "line 1 has no prompt: it has body, and one of prompt, text"),
        ("p.jsonl", '{"prompt": "a", "max_tokens": "many"}', "line 1: max_tokens='many' is no number"),
        ("p.jsonl", '{"prompt": "a", "max_tokens": 0}', "less than one token"),
        ("p.jsonl", "3", "line 1 is neither a text nor an object"),
        ("p.json", '{"prompt": "a"}', "not a list"),
        ("p.json", "[", "it is not JSON"),
        ("p.csv", "a,b\n1,2\n", "row 1 has no prompt: it has a, b"),
        ("p.csv", 'prompt\n"open\n', "it is no CSV"),
        ("p.txt", "\n\n", "it holds no prompt"),
    ],
)
def test_what_cannot_be_read_says_where(name, text, reason):
    with pytest.raises(InputError) as caught:
        read(name, text)
    [found] = caught.value.diagnostics
    assert (found.code, found.path) == ("AT048", "benchmark.dataset")
    assert reason in found.message
    assert name in found.message


def test_what_is_no_text_says_so():
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 1\)"):
        read_dataset("p.txt", b"a\xff")
