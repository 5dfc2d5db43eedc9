import json

from autotune.diagnostics import Source, Writer, diagnostic, render_sarif

LAYER = Writer(Source.PROFILE, "profiles/mine.yaml", 7, "mine", "big")
BUILT_IN = Writer(Source.PROFILE, "profiles/balanced.yaml", 9, "balanced", "batch")
TYPED = Writer(Source.USER, override="parallel.tp=3")


def render(*found, places=None, elsewhere=None):
    places = {"profiles/mine.yaml": "serving/my profiles/mine.yaml"} if places is None else places
    return render_sarif(found, version="1.2.3", places=places, elsewhere=elsewhere)


def test_the_structure_that_the_standard_requires():
    log = render(
        diagnostic("AT012", "m", path="parallel.tp", writer=LAYER, help="use 1, 2 or 4"), diagnostic("AT201", "n")
    )
    assert json.loads(json.dumps(log)) == log
    assert log.keys() == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://docs.oasis-open.org/sarif/")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("autotune", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["AT012", "AT201"]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]


def test_a_finding_has_its_file_and_line_from_the_root_of_the_repository():
    (result,) = render(diagnostic("AT012", "m", path="parallel.tp", writer=LAYER, help="use 2"))["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "serving/my%20profiles/mine.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "parallel.tp", "kind": "property"}]
    assert (result["level"], result["message"]["text"]) == ("error", "m\nhelp: use 2")


def test_what_no_file_of_the_repository_wrote_is_put_on_the_task_file_and_says_who_wrote_it():
    found = [
        diagnostic("AT012", "m", writer=TYPED),
        diagnostic("AT103", "n", writer=BUILT_IN),
        diagnostic("AT201", "o"),
    ]
    results = render(*found, elsewhere="task.yaml")["runs"][0]["results"]
    assert {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in results} == {"task.yaml"}
    assert results[0]["message"]["text"] == "m\nset by: override parallel.tp=3"
    assert results[1]["message"]["text"] == "n\nset by: profiles/balanced.yaml:9, layer `batch`"
    assert "locations" not in render(diagnostic("AT023", "m"))["runs"][0]["results"][0]


def test_severity_that_was_raised_stands_in_the_result_and_not_in_the_rule():
    from autotune.diagnostics import deny

    (run,) = render(*deny([diagnostic("AT104", "m")], frozenset({"AT104"})))["runs"]
    assert run["results"][0]["level"] == "error"
    assert run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"] == "warning"


def test_an_alert_stays_the_same_when_lines_move():
    def fingerprint(line):
        writer = Writer(Source.USER, "profiles/mine.yaml", line)
        return render(diagnostic("AT012", "m", path="parallel.tp", writer=writer))["runs"][0]["results"][0][
            "partialFingerprints"
        ]

    assert fingerprint(3) == fingerprint(30)
    other = render(diagnostic("AT012", "m", path="parallel.pp", writer=LAYER))["runs"][0]["results"][0]
    assert fingerprint(3) != other["partialFingerprints"]


def test_nothing_found_is_a_run_without_results():
    (run,) = render()["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
