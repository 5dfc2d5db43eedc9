"""Who may do what: token, cookie, forged forms, foreign names, sizes, rates, read-only."""

import pytest

from autotune.web.rates import Rate
from tests.web.served import TOKEN, api, problem_of

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PAGE = {"Accept": "text/html"}
OWN = {"Origin": "http://127.0.0.1:8765"}
FOREIGN = {"Origin": "http://evil.example"}
COMPILE = {"overrides": ["parallel.tp=2"]}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, api(tmp_path_factory.mktemp("local"), patch, working=False) as client:
        yield client


@pytest.fixture
def shared(tmp_path, monkeypatch):
    address = "http://tuner.example:8765"
    with api(tmp_path, monkeypatch, working=False, address=address, host="0.0.0.0", token=TOKEN) as client:
        yield client


def log_in(client, **more):
    return client.post("/login", data={"token": TOKEN, **more}, follow_redirects=False)


def mark_of(client):
    text = client.get("/", headers=PAGE).text
    return text.partition('name="csrf-token" content="')[2].partition('"')[0]


def test_on_this_machine_no_token_is_needed(local):
    assert local.get("/api/v2/runs").status_code == 200
    assert local.get("/", headers=PAGE).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "169.254.169.254", ""])
def test_a_name_that_is_not_this_machines_is_refused_on_loopback(local, host):
    problem_of(local.get("/api/v2/runs", headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8765", "127.8.9.1"])
def test_every_name_of_this_machine_is_taken(local, host):
    assert local.get("/api/v2/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v2/runs", "/api/v1/tasks/", "/api/openapi.json", "/api/v2/health", "/static/plotly.min.js"]
)
def test_without_the_token_nothing_is_told(shared, path):
    response = shared.get(path)
    problem_of(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_browser_without_the_token_is_led_to_the_login_page(shared):
    response = shared.get("/runs?x=1", headers=PAGE, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/login?back=%2Fruns%3Fx%3D1")
    page = shared.get("/login", headers=PAGE)
    assert page.status_code == 200
    assert 'name="csrf-token" content=""' in page.text


def test_whether_it_lives_anybody_may_ask(shared):
    assert shared.get("/health").json() == {"status": "ok"}


def test_the_token_opens_the_api(shared):
    assert shared.get("/api/v2/runs", headers=BEARER).status_code == 200
    assert shared.post("/api/v2/compile", json=COMPILE, headers=BEARER).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \xff"]
)
def test_a_wrong_token_does_not(shared, header):
    problem_of(shared.get("/api/v2/runs", headers={"Authorization": header.encode("latin-1")}), 401)


def test_wrong_tokens_are_not_tried_for_long_and_the_right_one_goes_on(shared):
    wrong = [shared.get("/api/v2/runs", headers={"Authorization": "Bearer no"}).status_code for _ in range(15)]
    assert wrong[0] == 401
    assert wrong[-1] == 429
    assert shared.get("/api/v2/runs", headers=BEARER).status_code == 200


def test_logging_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(shared):
    response = log_in(shared, back="/runs")
    assert (response.status_code, response.headers["location"]) == (303, "/runs")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert shared.get("/api/v2/runs").status_code == 200
    shared.post("/logout", headers=OWN | {"Origin": "http://tuner.example:8765"})
    problem_of(shared.get("/api/v2/runs"), 401)


def test_a_wrong_token_on_the_login_page_is_said_there_and_not_tried_for_long(shared):
    codes = [shared.post("/login", data={"token": "nope"}, headers=PAGE).status_code for _ in range(15)]
    assert codes[0] == 401
    assert codes[-1] == 429


@pytest.mark.parametrize(
    "back",
    ["http://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1"],
)
def test_logging_in_leads_nowhere_else(shared, back):
    assert log_in(shared, back=back).headers["location"] == "/"


@pytest.mark.parametrize("headers", [FOREIGN, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"},
                                     {"Origin": "http://127.0.0.1:9999"}])  # fmt: skip
def test_a_page_of_another_site_changes_nothing(local, headers):
    problem_of(local.post("/api/v2/compile", json=COMPILE, headers=headers), 403)
    problem_of(local.post("/api/v2/runs", json=COMPILE, headers=headers), 403)
    assert local.get("/api/v2/runs").json()["total"] == 0


def test_a_page_of_ours_may(local):
    assert local.post("/api/v2/compile", json=COMPILE, headers=OWN).status_code == 200


def test_a_form_in_a_browser_needs_the_mark_of_the_page(local):
    form = {"name": "mine", "text": "description: Mine.\nlayers:\n  a:\n    set: {parallel.tp: 2}\n"}
    refused = local.post("/profiles/save", data=form, headers=PAGE | OWN)
    assert refused.status_code == 403
    assert local.get("/api/v2/profiles/mine").status_code == 404
    mark = mark_of(local)
    assert len(mark) == 64
    saved = local.post("/profiles/save", data=form | {"csrf_token": mark}, headers=PAGE | OWN, follow_redirects=False)
    assert saved.status_code == 303
    assert local.get("/api/v2/profiles/mine").status_code == 200
    gone = local.post("/profiles/mine/delete", headers=PAGE | OWN | {"X-CSRF-Token": mark}, follow_redirects=False)
    assert gone.status_code == 303


def test_the_mark_survives_a_restart_and_is_another_for_each_token(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        first = mark_of(client)
    with api(tmp_path, monkeypatch, working=False) as client:
        assert mark_of(client) == first
    with api(tmp_path, monkeypatch, working=False, token=TOKEN) as client:
        log_in(client)
        assert mark_of(client) not in ("", first)


def test_every_answer_has_the_headers_that_keep_a_page_to_itself(local):
    for path in ("/", "/api/v2/runs", "/nope", "/static/app.css"):
        headers = local.get(path, headers=PAGE).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_no_page_has_a_script_or_a_handler_in_it(local):
    for path in ("/", "/new", "/profiles", "/models", "/migrate", "/manifests", "/api/docs", "/login"):
        text = local.get(path, headers=PAGE).text
        assert "<script>" not in text
        assert not any(
            f" {name}=" in text for name in ("onclick", "onload", "onsubmit", "onchange", "oninput", "hx-on")
        )


@pytest.mark.parametrize("send", [
    lambda client, body: client.post("/api/v2/compile", content=body, headers={"Content-Type": "application/json"}),
    lambda client, body: client.post("/api/v2/compile", content=(body[at:at + 65536] for at in range(0, len(body), 65536)), headers={"Content-Type": "application/json"}),
    lambda client, body: client.post("/api/v2/migrate", content=(body for _ in range(1)), headers={"Content-Type": "application/json"}),
])  # fmt: skip
def test_a_body_of_ten_megabytes_is_refused_however_it_is_sent(local, send):
    problem_of(send(local, b'{"overrides": ["' + b"x" * 10_000_000 + b'"]}'), 413)


def test_a_large_form_is_refused(local):
    response = local.post("/profiles/check", data={"text": "x" * 10_000_000}, headers={"HX-Request": "true"})
    assert response.status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 40])
def test_a_length_that_is_none_is_refused(local, length):
    assert local.post("/api/v2/compile", content=b"{}", headers={"Content-Length": length}).status_code in (400, 413)


def test_read_only_refuses_everything_that_is_not_reading(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, read_only=True) as client:
        for method, path in (
            ("POST", "/api/v2/runs"), ("POST", "/api/v2/compile"), ("PUT", "/api/v2/profiles/mine"), ("DELETE", "/api/v2/profiles/mine"),
            ("POST", "/api/v1/tasks/"), ("POST", "/api/v2/runs/x/cancel"), ("PATCH", "/nope"),
        ):  # fmt: skip
            assert "read-only" in problem_of(client.request(method, path, json={}), 403)["detail"]
        assert client.post("/profiles/save", data={"name": "mine"}, headers=PAGE).status_code == 403
        assert client.get("/api/v2/runs").status_code == 200
        assert client.get("/api/v2/health").json()["read_only"] is True


def test_read_only_with_a_token_can_be_logged_in_to(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False, read_only=True, token=TOKEN) as client:
        assert log_in(client).status_code == 303
        assert client.get("/api/v2/runs").status_code == 200


def test_too_many_requests_are_told_when_to_come_again(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False, writes_per_s=0.001, reads_per_s=0.001) as client:
        codes = [client.post("/api/v2/check", json={}).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        codes = [client.get("/health") for _ in range(5)]
        assert [response.status_code for response in codes] == [200, 200, 200, 429, 429]
        assert int(codes[-1].headers["retry-after"]) >= 1


def test_a_bucket_fills_again_and_forgets_who_was_away_longest():
    rate = Rate(per_s=2.0, burst=2.0)
    assert [rate.take("a", now=0.0) for _ in range(3)] == [0, 0, 1]
    assert rate.take("b", now=0.0) == 0
    assert rate.take("a", now=0.5) == 0
    assert rate.take("a", now=0.5) == 1
    assert [rate.take("a", now=99.0) for _ in range(3)] == [0, 0, 1]


def test_the_token_is_in_no_representation_of_the_settings(shared):
    assert TOKEN not in repr(shared.app.state.web.settings)
    assert TOKEN not in shared.get("/api/v2/health", headers=BEARER).text
