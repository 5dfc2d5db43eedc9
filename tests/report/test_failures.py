from dataclasses import replace

from autotune.report.failures import MAX_LOGS, group_failures
from autotune.report.plain import LOG_CHARACTERS, LOG_LINES, clean, cut_log
from autotune.store import Failure
from tests.report.results import failed, measurement, result


def failure(message, kind="out_of_memory", log="", **more):
    return failed(**more) if not message else replace(failed(), failure=Failure(kind, message, "raise tp", log))


def test_failures_that_differ_in_numbers_alone_are_one_group():
    groups = group_failures(
        [failure("Tried to allocate 2.00 GiB at 0x7f"), result(), failure("Tried to allocate 1,024 GiB at 0x80")]
    )
    assert [(item.name, len(item.results)) for item in groups] == [("out of memory", 2)]
    assert groups[0].message == "Tried to allocate 2.00 GiB at 0x7f"


def test_other_classes_and_messages_are_groups_of_their_own_and_what_never_ran_comes_last():
    refused = replace(failure("3 does not divide 32", "refused"), status="pruned")
    groups = group_failures([refused, failure("a"), failure("b"), failure("a", "start_crash")])
    assert [(item.kind, item.message) for item in groups] == [
        ("out_of_memory", "a"),
        ("out_of_memory", "b"),
        ("start_crash", "a"),
        ("refused", "3 does not divide 32"),
    ]


def test_a_short_log_is_whole_and_a_long_one_is_cut_with_a_note():
    assert cut_log("one\ntwo\n") == ("one\ntwo", "")
    log, note = cut_log("\n".join(f"line {number}" for number in range(100)))
    assert log.splitlines()[0] == f"line {100 - LOG_LINES}"
    assert note == f"the last {LOG_LINES} of the 100 lines that were kept"
    wide, note = cut_log("x" * 50_000)
    assert len(wide) == LOG_CHARACTERS
    assert note


def test_only_the_first_logs_are_kept():
    groups = group_failures([failure(f"{'x' * number}", log="the log") for number in range(1, MAX_LOGS + 3)])
    assert sum(bool(item.log) for item in groups) == MAX_LOGS


def test_texts_are_clean_and_without_secrets():
    token = "hf_" + "a" * 30
    (group,) = group_failures([failure(f"\x1b[31mno {token}\x00", log=f"\x1b[2Jwith {token}")])
    assert token not in group.message + group.log
    assert group.message.startswith("no ")
    assert clean("a\x1b[2J\x07\ud800\tb\n") == "a\ufffd\tb\n"


def test_nothing_failed():
    assert group_failures([result(measurements=[measurement()])]) == []
