import pytest

from autotune.diagnostics import CODES, InputError, deny, diagnostic, read_denied

WARNING = diagnostic("AT104", "slow", help="more GPUs")
NOTE = diagnostic("AT201", "no GPU")
ERROR = diagnostic("AT012", "heads")


def test_only_the_codes_named_are_raised_and_it_is_said_why():
    raised, note = deny([WARNING, NOTE], frozenset({"AT104"}))
    assert (raised.severity, raised.help) == ("error", "more GPUs (a warning made an error by --deny)")
    assert note is NOTE


def test_notes_can_be_denied_and_errors_stay_as_they_are():
    note, error = deny([NOTE, ERROR], frozenset({"AT201", "AT012"}))
    assert (note.severity, note.help) == ("error", "a note made an error by --deny")
    assert error is ERROR


def test_codes_come_in_any_case_in_comma_lists_and_more_than_once():
    assert read_denied(["at104, AT108", "AT201"]) == {"AT104", "AT108", "AT201"}
    assert read_denied([]) == frozenset()


def test_warnings_stands_for_every_warning_and_for_no_note():
    denied = read_denied(["warnings", "AT201"])
    assert denied == {name for name, code in CODES.items() if code.severity == "warning"} | {"AT201"}


def test_every_unknown_code_is_reported_with_the_nearest():
    with pytest.raises(InputError) as caught:
        read_denied(["AT104,AT1004", "warning"])
    first, second = caught.value.diagnostics
    assert (first.code, "AT104" in first.help) == ("AT002", True)
    assert "did you mean warnings" in second.help
