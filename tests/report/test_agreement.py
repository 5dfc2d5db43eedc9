from autotune.report.agreement import headline, sections, show_share, to_markdown
from autotune.score import get_objectives
from autotune.verify.verdict import judge
from tests.verify.pairs import pair

OBJECTIVES = get_objectives(("maximize_throughput_per_gpu", "minimize_tpot"))


def verdict(*pairs):
    return judge(pairs, OBJECTIVES, predictor="roofline", version="1.2", expected_error="about 20 %")


def test_shares_are_whole_percent_until_only_a_factor_says_something():
    assert [show_share(share) for share in (0.004, 0.2, 23.4, float("nan"))] == ["0 %", "20 %", "2340 %", "-"]
    assert [show_share(share, signed=True) for share in (-0.2, 0.2, 784.0)] == ["-20 %", "+20 %", "785x"]


def test_the_headline_says_who_what_and_where():
    found = verdict(pair({"ttft": 80.0}), pair(point="p2"))
    assert headline(found) == "roofline 1.2 against 2 loads on 2 points, measured in run-1"


def test_sections_without_rows_are_left_out():
    titles = [section.title for section in sections(verdict(pair({"ttft": 80.0})))]
    assert titles == ["", "Believing it", "Worst"]


def test_names_cannot_break_a_markdown_table():
    text = to_markdown(verdict(pair({"ttft": 80.0}, point="a|b`<c>_*\n[x](y)")))
    (line,) = [line for line in text.splitlines() if "a\\|b" in line]
    assert line.replace("\\|", "").count("|") == 7
    assert "<c>" not in text
    assert "[x](" not in text
