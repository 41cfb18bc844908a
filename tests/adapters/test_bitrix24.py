"""A portal that answers in every way in which a portal, or what stands before it, can answer."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time as real_time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mailflow
from mailflow.adapters import bitrix24
from mailflow.adapters import bitrix24_answer as answers
from mailflow.adapters.bitrix24 import Bitrix24Portal
from mailflow.adapters.bitrix24_address import Origin, Webhook, moved_to, read_webhook
from mailflow.adapters.bitrix24_batch import query
from mailflow.adapters.bitrix24_limits import LeakyBucket
from mailflow.errors import (
    ConfigurationError,
    InDoubt,
    MailflowError,
    Parked,
    PortalClosed,
    PortalRefused,
    ServerAway,
)
from mailflow.ports import Portal, PortalAnswer
from tests.adapters.portal_script import DROP, HOST, SILENT, SLAM, Answer, PortalScript, Request, http, says
from tests.servers.certificates import Certificates
from tests.servers.scripted import scripted

SECRET = "s3cr3tw0rdofth1sh00k"
PATH = f"/rest/17/{SECRET}"
DONE = says({"result": 41, "time": {"start": 1, "finish": 2.5}})
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NASTY = ["a]b[c", "Рога & Копыта", "№ 5 #7", "🧾 «счёт» \"x\" 'y'", "50%+1=2?", "\\ / \n \x00", "$result[u]"]
Open = Callable[..., Bitrix24Portal]


class Time:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds

    def clock(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def script() -> Iterator[PortalScript]:
    with PortalScript() as running:
        yield running


@pytest.fixture
def open_portal(certificates: Certificates, time: Time) -> Iterator[Open]:
    opened: list[Bitrix24Portal] = []

    def open_portal(origin: str, **changes: Any) -> Bitrix24Portal:
        values: dict[str, Any] = {
            "ca_file": certificates.ca_file,
            "read_timeout": 5,
            "monotonic": time.monotonic,
            "sleep": time.sleep,
            "clock": time.clock,
        }
        opened.append(Bitrix24Portal(f"{origin}{PATH}/", **values | changes))
        return opened[-1]

    yield open_portal
    for portal in opened:
        portal.close()


@pytest.fixture
def portal(script: PortalScript, open_portal: Open) -> Bitrix24Portal:
    return open_portal(script.origin)


def failed(error: str, status: int, text: str = "so says the portal") -> bytes:
    return says({"error": error, "error_description": text}, status)


def failed_v3(error: str, status: int, **more: object) -> bytes:
    told = {"code": f"BITRIX_REST_V3_EXCEPTION_{error}", "message": "so says the portal", **more}
    return says({"error": told}, status)


def everything_told(failure: BaseException) -> str:
    """All that a log could show of a failure, with the variables of every frame but those of this file."""
    chain: list[BaseException] = [failure]
    for each in chain:
        chain += [other for other in (each.__cause__, each.__context__) if other and other not in chain]
    told = [repr(each) + str(each) + repr(vars(each)) for each in chain]
    for each in chain:
        shown = traceback.TracebackException.from_exception(each, capture_locals=True, compact=False)
        told += [str(frame.locals) for frame in shown.stack if frame.filename != __file__]
    return "\n".join(told)


def raised(ask: Callable[[], object]) -> MailflowError:
    with pytest.raises(MailflowError) as caught:
        ask()
    assert SECRET not in everything_told(caught.value)
    return caught.value


class TestCalls:
    def test_a_call_is_a_post_of_json_in_the_order_given(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(DONE)
        assert portal.call("task.checklistitem.add", {"TASKID": 8, "FIELDS": {"TITLE": "x"}}) == PortalAnswer(41)
        (request,) = script.asked
        assert request.line == f"POST {PATH}/task.checklistitem.add HTTP/1.1"
        assert request.body.replace(b" ", b"") == b'{"TASKID":8,"FIELDS":{"TITLE":"x"}}'
        sent = {name: request.headers[name] for name in ("content-type", "accept", "user-agent")}
        assert sent == {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"mailflow/{mailflow.__version__}",
        }
        assert "idempotency-key" not in request.headers
        assert "cookie" not in request.headers

    def test_a_call_without_parameters_sends_an_empty_object(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(DONE)
        portal.call("profile")
        assert script.asked[0].json == {}

    def test_rest_3_has_its_own_address_and_a_key_that_makes_repeats_harmless(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        task = {"result": {"item": {"id": 5}}}
        script.plan(says(task), says(task, Idempotent_Replayed="true"))
        first, second = (portal.call_v3("tasks.task.add", {"fields": {}}, "mailflow-1") for _ in range(2))
        assert (first.result, first.replayed, second.replayed) == ({"item": {"id": 5}}, False, True)
        assert script.asked[0].path == f"/rest/api/17/{SECRET}/tasks.task.add"
        assert [request.headers["idempotency-key"] for request in script.asked] == ["mailflow-1"] * 2
        assert script.asked[0].body == script.asked[1].body

    @pytest.mark.parametrize("key", ["", "x" * 256, "счёт", "a\nb", " a", "a ", "a\x7f"])
    def test_what_is_no_key_is_a_mistake_of_ours(self, script: PortalScript, portal: Bitrix24Portal, key: str) -> None:
        with pytest.raises(ValueError, match="ASCII"):
            portal.call_v3("tasks.task.add", {}, key)
        script.plan(DONE)
        portal.call_v3("tasks.task.add", {}, "x" * 255)
        assert len(script.asked) == 1

    @pytest.mark.parametrize("method", ["", "../profile", "profile/", "profile?x=1", "profile.json\n", "a b", "a%2e"])
    def test_what_is_no_method_is_a_mistake_of_ours(self, portal: Bitrix24Portal, method: str) -> None:
        for ask in (portal.call, portal.call_v3, lambda name: portal.batch({"a": (name, {})})):
            with pytest.raises(ValueError, match="method"):
                ask(method)

    def test_a_list_tells_how_many_there_are_and_where_the_next_page_begins(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(
            says({"result": [], "total": 120, "next": 50, "time": {"start": 1, "operating": 0}}),
            says({"result": [], "total": "120", "next": 50.0, "time": []}),
            says({"result": None, "total": True, "next": "x", "time": {"operating": "much"}}),
        )
        assert portal.call("user.get") == PortalAnswer([], 120, 50)
        assert portal.call("user.get") == PortalAnswer([], 120, 50)
        assert portal.call("user.get") == PortalAnswer(None)

    def test_results_are_left_as_they_are(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        results: list[object] = [False, 0, "", [], {}, None, {"item": {"id": "1"}}]
        for result in results:
            script.plan(says({"result": result}))
            assert portal.call("x").result == result

    def test_an_answer_after_a_byte_order_mark_is_read(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(http(200, b"\xef\xbb\xbf" + b'{"result": 1}'))
        assert portal.call("x").result == 1

    @pytest.mark.parametrize("text", NASTY)
    def test_brackets_ampersands_quotes_and_emoji_survive_every_way(
        self, script: PortalScript, portal: Bitrix24Portal, text: str
    ) -> None:
        echo: Answer = lambda request: says({"result": request.json})  # noqa: E731
        params = {"fields": {"TITLE": text, "list": [text, {text: text}]}}
        script.plan(echo)
        assert portal.call("crm.item.add", params).result == params
        assert portal.call_v3("tasks.task.add", params).result == params
        script.plan(in_batch)
        found = portal.batch({"a": ("user.get", {"FILTER": {"%NAME": text}, "ID": [7, text]})})
        assert isinstance(found["a"], PortalAnswer)
        assert found["a"].result == [["FILTER[%NAME]", text], ["ID[0]", "7"], ["ID[1]", text]]

    def test_many_threads_share_one_portal(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(lambda request: says({"result": request.json["n"]}))
        found: list[tuple[int, object]] = []
        threads = [
            threading.Thread(target=lambda n=n: found.append((n, portal.call("x", {"n": n}).result))) for n in range(30)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [(n, n) for n in range(30)]

    def test_after_a_close_it_goes_on_with_new_connections(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(DONE)
        portal.call("x")
        portal.close()
        portal.close()
        assert portal.call("x").result == 41

    def test_a_connection_that_the_portal_has_ended_meanwhile_is_not_used(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(DONE.replace(b"Content-Length", b"content-length"))  # the script keeps no such connection
        for _ in range(3):
            assert portal.call("x").result == 41
            real_time.sleep(0.05)

    def test_cookies_of_the_portal_are_not_sent_back(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(says({"result": 1}, Set_Cookie="qmb=1; path=/"))
        portal.call("x")
        portal.call("x")
        assert "cookie" not in script.asked[1].headers

    def test_it_is_a_portal(self, portal: Bitrix24Portal) -> None:
        as_declared: Portal = portal
        assert as_declared is portal

    def test_an_installation_without_a_portal_does_not_pay_for_httpx(self) -> None:
        program = "import sys, mailflow.adapters.bitrix24; sys.exit('httpx' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def in_batch(request: Request) -> bytes:
    """Answers every command with its query as the portal would read it."""
    results = {name: parse_qsl(command.partition("?")[2]) for name, command in request.json["cmd"].items()}
    return says({"result": {"result": results, "result_error": [], "result_total": [], "result_next": []}})


def batch_answer(
    result: object, error: object = (), total: object = (), following: object = (), **more: object
) -> bytes:
    told = {"result": result, "result_error": error, "result_total": total, "result_next": following, **more}
    return says({"result": told})


class TestBatch:
    def test_each_call_has_its_own_answer_or_refusal(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        refusal = {"error": "ERROR_CORE", "error_description": "No<br>such user"}
        script.plan(batch_answer({"u": [1], "n": None}, {"bad": refusal}, {"u": 70}, {"u": 50}, result_time=[]))
        found = portal.batch({name: ("user.get", {}) for name in ("u", "n", "bad")})
        assert (found["u"], found["n"]) == (PortalAnswer([1], 70, 50), PortalAnswer(None))
        bad = found["bad"]
        assert isinstance(bad, PortalRefused)
        assert (bad.method, bad.code, bad.said, bad.status) == ("user.get", "ERROR_CORE", "No such user", 200)
        assert script.asked[0].path == f"{PATH}/batch"
        assert script.asked[0].json == {"halt": 0, "cmd": {"u": "user.get", "n": "user.get", "bad": "user.get"}}

    def test_numbers_as_names_come_back_as_lists(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        refusal = {"error": "", "error_description": "no"}
        script.plan(batch_answer(["a", "b"], {"2": refusal}, [5], []))
        found = portal.batch({name: ("user.get", {}) for name in "012"})
        assert (found["0"], found["1"]) == (PortalAnswer("a", 5), PortalAnswer("b"))
        assert isinstance(found["2"], PortalRefused)

    def test_a_scope_that_is_missing_refuses_one_call(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        script.plan(batch_answer({"u": 1}, {"c": {"error": "insufficient_scope", "error_description": ""}}))
        found = portal.batch({"u": ("user.get", {}), "c": ("crm.item.get", {})})
        assert isinstance(found["c"], PortalRefused)
        assert found["c"].code == "insufficient_scope"

    def test_a_call_that_was_put_off_puts_off_all_and_parks_its_method(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(batch_answer({"u": 1}, {"c": {"error": "OPERATION_TIME_LIMIT"}}))
        calls: dict[str, tuple[str, dict[str, Any]]] = {"u": ("user.get", {}), "c": ("crm.item.get", {})}
        assert isinstance(raised(lambda: portal.batch(calls)), Parked)
        assert isinstance(raised(lambda: portal.batch(calls)), Parked)
        assert isinstance(raised(lambda: portal.call("crm.item.get")), Parked)
        assert len(script.asked) == 1

    @pytest.mark.parametrize(
        ("told", "outcome"),
        [("QUERY_LIMIT_EXCEEDED", Parked), ("INTERNAL_SERVER_ERROR", InDoubt)],
    )
    def test_a_call_that_may_go_better_later_is_no_refusal(
        self, script: PortalScript, portal: Bitrix24Portal, told: str, outcome: type[MailflowError]
    ) -> None:
        script.plan(batch_answer([], {"c": {"error": told}}))
        assert type(raised(lambda: portal.batch({"c": ("user.get", {})}))) is outcome

    @pytest.mark.parametrize("result", [[], "x", None, {"result": []}, {"result": "x"}, {"result": ["a"]}])
    def test_an_answer_without_the_call_leaves_it_in_doubt(
        self, script: PortalScript, portal: Bitrix24Portal, result: object
    ) -> None:
        script.plan(says({"result": result}))
        assert isinstance(raised(lambda: portal.batch({"c": ("user.get", {})})), InDoubt)

    def test_more_than_50_calls_are_a_mistake_of_ours_and_none_need_no_request(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        with pytest.raises(ValueError, match="50"):
            portal.batch({str(n): ("user.get", {}) for n in range(51)})
        assert portal.batch({}) == {}
        assert script.asked == []

    def test_the_time_of_each_call_is_counted(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        times = {"u": {"operating": 470, "operating_reset_at": 1100, "finish": 1000.5}, "d": {"operating": 1.5}}
        script.plan(batch_answer({"u": 1, "d": 1}, result_time=times))
        portal.batch({"u": ("user.get", {}), "d": ("department.get", {})})
        assert isinstance(raised(lambda: portal.call("User.Get")), Parked)
        assert len(script.asked) == 1

    def test_a_query_has_the_brackets_of_php(self) -> None:
        params = {"FILTER": {">=ID": 5, "ACTIVE": True, "X": False}, "select": ["ID", "NAME"], "a b": "&="}
        assert query("user.get", params) == (
            "user.get?FILTER[%3E%3DID]=5&FILTER[ACTIVE]=Y&FILTER[X]=N&select[0]=ID&select[1]=NAME&a%20b=%26%3D"
        )

    @pytest.mark.parametrize("value", [None, [], {}, {"x": []}, [None], b"x", NOW])
    def test_what_a_query_cannot_say_is_a_mistake_of_ours(self, value: object) -> None:
        with pytest.raises(ValueError, match="batch"):
            query("user.get", {"FILTER": value})


CLOSED = [
    ("NO_AUTH_FOUND", 401, "new incoming webhook"),
    ("INVALID_CREDENTIALS", 401, "new incoming webhook"),
    ("INVALID_CREDENTIALS", 403, "new incoming webhook"),
    ("insufficient_scope", 401, "scope crm"),
    ("insufficient_scope", 403, "scope crm"),
    ("expired_token", 401, "new incoming webhook"),
    ("invalid_token", 401, "new incoming webhook"),
    ("authorization_error", 401, "active employee"),
    ("PAYMENT_REQUIRED", 401, "plan"),
    ("PORTAL_DELETED", 500, "still exists"),
    ("PORTAL_DELETED", 410, "still exists"),
    ("OVERLOAD_LIMIT", 503, "support"),
    ("user_access_error", 403, "employee"),
    ("allowed_only_intranet_user", 403, "employee"),
    ("WRONG_AUTH_TYPE", 403, "crm.item.add"),
    ("ERROR_METHOD_NOT_FOUND", 404, "scope crm"),
    ("ERROR_METHOD_NOT_FOUND", 400, "scope crm"),
]


class TestOutcomes:
    @pytest.mark.parametrize(("error", "status", "mend"), CLOSED)
    def test_a_portal_that_lets_us_do_nothing_says_what_to_mend(
        self, script: PortalScript, portal: Bitrix24Portal, error: str, status: int, mend: str
    ) -> None:
        script.plan(failed(error, status))
        failure = raised(lambda: portal.call("crm.item.add"))
        assert isinstance(failure, PortalClosed)
        assert (failure.code, len(script.asked)) == (error, 1)
        assert mend in failure.mend
        assert str(failure).startswith(f"Bitrix24 portal {portal.host} does not let mailflow call crm.item.add: ")

    @pytest.mark.parametrize("error", ["INSUFFICIENTSCOPEEXCEPTION", "METHODNOTFOUNDEXCEPTION"])
    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_rest_3_lets_us_do_nothing_in_its_own_words(
        self, script: PortalScript, portal: Bitrix24Portal, error: str, status: int
    ) -> None:
        script.plan(failed_v3(error, status))
        failure = raised(lambda: portal.call_v3("tasks.task.add"))
        assert isinstance(failure, PortalClosed)
        assert "scope tasks" in failure.mend

    @pytest.mark.parametrize(
        ("error", "status", "text", "outcome"),
        [
            ("ACCESS_DENIED", 403, "REST API is available only on commercial plans", PortalClosed),
            ("ACCESS_DENIED", 403, "REST API доступен только на коммерческих тарифах", PortalClosed),
            ("ACCESS_DENIED", 403, "Access denied!", PortalRefused),
            ("ACCESS_DENIED", 400, "This item is about commercial plans", PortalRefused),
            ("INVALID_REQUEST", 400, "Https required.", PortalClosed),
            ("INVALID_REQUEST", 400, "No such field", PortalRefused),
        ],
    )
    def test_two_errors_mean_what_their_text_says(
        self,
        script: PortalScript,
        portal: Bitrix24Portal,
        error: str,
        status: int,
        text: str,
        outcome: type[MailflowError],
    ) -> None:
        script.plan(failed(error, status, text))
        assert type(raised(lambda: portal.call("crm.item.add"))) is outcome

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422, 200])
    @pytest.mark.parametrize(
        ("error", "code"),
        [("ERROR_CORE", "ERROR_CORE"), ("", ""), ("1048582", "1048582"), (0, "0"), (100, "100"), (None, "")],
    )
    def test_any_other_error_refuses_this_one_call(
        self, script: PortalScript, portal: Bitrix24Portal, status: int, error: object, code: str
    ) -> None:
        script.plan(
            says({"error": error, "error_description": "Нет <BR />\r\n такой\x1b <br>карточки" + "!" * 400}, status)
        )
        failure = raised(lambda: portal.call("crm.item.add"))
        assert isinstance(failure, PortalRefused)
        assert (failure.method, failure.code, failure.status) == ("crm.item.add", code, status)
        assert failure.said.startswith("Нет такой карточки!!!")
        assert len(failure.said) == 300
        assert len(script.asked) == 1

    def test_rest_3_refuses_with_the_fields_that_are_wrong(self, script: PortalScript, portal: Bitrix24Portal) -> None:
        wrong = [{"field": "title", "message": "is missing"}, "nonsense"]
        script.plan(failed_v3("VALIDATION_DTOVALIDATIONEXCEPTION", 400, validation=wrong))
        failure = raised(lambda: portal.call_v3("tasks.task.add"))
        assert isinstance(failure, PortalRefused)
        assert failure.code == "BITRIX_REST_V3_EXCEPTION_VALIDATION_DTOVALIDATIONEXCEPTION"
        assert failure.said == "so says the portal; title: is missing"

    def test_a_key_used_again_for_something_else_is_refused_and_not_repeated(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(failed_v3("IDEMPOTENCYKEYREUSEDEXCEPTION", 422))
        failure = raised(lambda: portal.call_v3("tasks.task.add", {"a": 1}, "mailflow-1"))
        assert isinstance(failure, PortalRefused)
        assert (failure.status, len(script.asked)) == (422, 1)

    @pytest.mark.parametrize("status", [401, 403, 404, 405, 407, 410])
    @pytest.mark.parametrize("body", ["<html>Forbidden</html>", "", '{"message": "no route"}', "[]"])
    def test_a_page_of_somebody_else_is_not_the_portals_word(
        self, script: PortalScript, portal: Bitrix24Portal, status: int, body: str
    ) -> None:
        script.plan(http(status, body))
        failure = raised(lambda: portal.call("crm.item.add"))
        assert type(failure) is ServerAway
        assert str(status) in str(failure)
        assert portal.host in str(failure)

    @pytest.mark.parametrize("status", [413, 414])
    def test_a_request_that_is_too_large_is_refused_whoever_says_so(
        self, script: PortalScript, portal: Bitrix24Portal, status: int
    ) -> None:
        script.plan(http(status, "<html>"))
        failure = raised(lambda: portal.call("disk.folder.uploadfile"))
        assert isinstance(failure, PortalRefused)
        assert failure.said == "the request is too large"

    @pytest.mark.parametrize(
        "answer",
        [
            failed("INTERNAL_SERVER_ERROR", 500),
            failed("ERROR_UNEXPECTED_ANSWER", 500),
            failed("ERROR_UNEXPECTED_ANSWER", 400),
            failed("SOMETHING", 500),
            http(500, ""),
            http(502, "<html>Bad Gateway</html>"),
            http(503, "<html>Service Unavailable</html>"),
            failed("SOMETHING", 503),
            http(504, "<html>Gateway Timeout</html>"),
            http(408, ""),
            http(303, "", Location="/"),
            http(304, ""),
            http(200, "<html>Welcome</html>"),
            http(200, '{"result": {"item": {"id": 5'),
            http(200, '{"result": 1}').replace(b"Content-Length: 1", b"Content-Length: 9"),
            http(200, ""),
            http(200, "[]"),
            http(200, "{}"),
            http(200, '{"result": 1}' + "[" * 100_000),
            http(200, "[" * 100_000),
            http(200, '{"result": ' + "9" * 5000 + "}"),
            http(200, b"\x1f\x8bnot gzip", Content_Encoding="gzip"),
            http(204, ""),
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"res',
            b"220 mail.example ESMTP\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46",
            DROP,
            SLAM,
        ],
    )
    def test_an_answer_that_says_nothing_leaves_it_in_doubt(
        self, script: PortalScript, portal: Bitrix24Portal, answer: Answer
    ) -> None:
        script.plan(answer)
        failure = raised(lambda: portal.call("crm.item.add", {"x": 1}))
        assert type(failure) is InDoubt
        assert "in doubt" in str(failure)
        assert len(script.asked) <= 1

    def test_a_portal_that_says_nothing_leaves_it_in_doubt(self, script: PortalScript, open_portal: Open) -> None:
        script.plan(SILENT)
        failure = raised(lambda: open_portal(script.origin, read_timeout=0.2).call("crm.item.add"))
        assert type(failure) is InDoubt
        assert "no answer in time" in str(failure)
        assert len(script.asked) == 1

    def test_an_answer_that_trickles_in_does_not_take_for_ever(self, script: PortalScript, open_portal: Open) -> None:
        ticks = iter(range(0, 100_000, 10))
        script.plan(http(200, '{"result": 1}'))
        portal = open_portal(script.origin, monotonic=lambda: float(next(ticks)))
        assert type(raised(lambda: portal.call("crm.item.add"))) is InDoubt

    def test_an_answer_without_an_end_is_not_read_for_ever(
        self, script: PortalScript, portal: Bitrix24Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bitrix24, "MOST_BYTES", 1000)
        script.plan(says({"result": "x" * 1000}), DONE)
        failure = raised(lambda: portal.call("crm.item.add"))
        assert type(failure) is InDoubt
        assert "too long" in str(failure)
        assert portal.call("crm.item.add").result == 41

    def test_every_error_of_the_table_is_tested(self) -> None:
        tested = {error.upper() for error, _, _ in CLOSED} | {"ACCESS_DENIED", "INVALID_REQUEST"}
        tested |= {"INSUFFICIENTSCOPE", "METHODNOTFOUND"}
        closed = {error for error, row in answers.BY_ERROR.items() if row.verdict is answers.Verdict.CLOSED}
        assert closed == tested


class TestUnreachable:
    def test_a_portal_that_is_not_there_is_named(self, open_portal: Open) -> None:
        with socket.create_server((HOST, 0)) as taken:
            port = taken.getsockname()[1]
        failure = raised(lambda: open_portal(f"http://{HOST}:{port}").call("x"))
        assert type(failure) is ServerAway
        assert str(failure) == (
            f"Bitrix24 portal {HOST}:{port} cannot be reached: connection refused. "
            "Check the host in bitrix24.webhook, and that this machine may connect to it."
        )

    def test_a_host_that_is_not_known_is_named(self, open_portal: Open) -> None:
        failure = raised(lambda: open_portal("https://no-such-portal.invalid").call("x"))
        assert type(failure) is ServerAway
        assert "no-such-portal.invalid cannot be reached: this host name is not known" in str(failure)

    def test_a_host_that_does_not_speak_tls_is_not_sent_anything(self, open_portal: Open) -> None:
        seen: list[bytes] = []

        def talk(received: Any, send: Callable[[bytes], object]) -> None:
            seen.append(received.read1(4096))
            send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        with scripted(talk) as port:
            failure = raised(lambda: open_portal(f"https://{HOST}:{port}").call("x"))
        assert type(failure) is ServerAway
        assert "no TLS with it" in str(failure)
        assert SECRET.encode() not in b"".join(seen)

    @pytest.mark.parametrize(
        ("certificate", "ca_file", "why"),
        [
            ("good", "other_ca_file", "its certificate cannot be trusted"),
            ("wrong_name", "ca_file", "certificate is not valid for"),
            ("expired", "ca_file", "certificate has expired"),
        ],
    )
    def test_a_certificate_that_is_not_right_ends_it_before_anything_is_sent(
        self, certificates: Certificates, open_portal: Open, certificate: str, ca_file: str, why: str
    ) -> None:
        with PortalScript(DONE, certificate=getattr(certificates, certificate)) as script:
            portal = open_portal(script.origin, ca_file=getattr(certificates, ca_file))
            failure = raised(lambda: portal.call("x"))
            assert type(failure) is ServerAway
            assert why in str(failure)
            assert "ca_file" in str(failure)
            assert script.asked == []

    def test_without_a_ca_file_only_the_systems_certificates_count(
        self, certificates: Certificates, open_portal: Open
    ) -> None:
        with PortalScript(DONE, certificate=certificates.good) as script:
            portal = open_portal(script.origin, ca_file=None)
            assert "cannot be trusted" in str(raised(lambda: portal.call("x")))

    def test_a_certificate_that_is_right_lets_it_through(self, certificates: Certificates, open_portal: Open) -> None:
        for name in (HOST, "localhost"):
            with PortalScript(DONE, certificate=certificates.good, name=name) as script:
                assert open_portal(script.origin).call("x").result == 41

    def test_a_ca_file_that_is_none_is_named(self, open_portal: Open, tmp_path: Path) -> None:
        failure = raised(lambda: open_portal("https://localhost", ca_file=tmp_path / "none.pem").call("x"))
        assert type(failure) is ServerAway
        assert "none.pem" in str(failure)

    def test_a_proxy_in_the_environment_is_not_used(
        self, script: PortalScript, open_portal: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "socks5://127.0.0.1:1")
        script.plan(DONE)
        assert open_portal(script.origin).call("x").result == 41


class TestLimits:
    def test_sixty_rapid_calls_take_ten_seconds_and_none_is_lost(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time
    ) -> None:
        script.plan(DONE)
        for _ in range(40):
            portal.call("x")
        assert time.slept == []
        for _ in range(20):
            portal.call("x")
        assert (time.passed, len(script.asked)) == (10.0, 60)

    def test_the_bucket_runs_empty_with_time(self) -> None:
        time = Time()
        bucket = LeakyBucket(2.0, 3, time.monotonic)
        assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0.5, 1]
        time.passed = 100
        assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]
        bucket.fill()
        assert bucket.take() == 1.0

    @pytest.mark.parametrize("status", [503, 429, 200])
    def test_too_many_requests_make_it_wait_longer_and_longer_and_ask_again(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time, status: int
    ) -> None:
        script.plan(*[failed("QUERY_LIMIT_EXCEEDED", status)] * 3, DONE)
        assert portal.call("x", {"n": 1}).result == 41
        assert [request.json for request in script.asked] == [{"n": 1}] * 4
        assert [seconds for seconds in time.slept if seconds >= 1] == [1, 2, 4]

    def test_too_many_requests_make_every_other_call_wait_too(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time
    ) -> None:
        script.plan(failed("QUERY_LIMIT_EXCEEDED", 503), DONE)
        portal.call("x")
        time.slept.clear()
        for _ in range(3):
            portal.call("y")
        assert time.slept == [0.5, 0.5]

    def test_too_many_requests_for_long_park_the_call(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time
    ) -> None:
        script.plan(failed("QUERY_LIMIT_EXCEEDED", 503))
        failure = raised(lambda: portal.call("x"))
        assert isinstance(failure, Parked)
        assert len(script.asked) == 6
        assert failure.until == time.clock() + timedelta(seconds=64)
        script.plan(DONE)
        assert portal.call("x").result == 41

    def test_a_method_that_has_spent_its_time_rests_and_the_others_go_on(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time
    ) -> None:
        script.plan(failed("OPERATION_TIME_LIMIT", 429), DONE)
        failure = raised(lambda: portal.call("crm.item.add"))
        assert isinstance(failure, Parked)
        assert failure.until == NOW + timedelta(minutes=10)
        assert "10:10:00 UTC" in str(failure)
        assert portal.call("crm.item.update").result == 41
        assert portal.call_v3("crm.item.add").result == 41
        again = raised(lambda: portal.call("CRM.item.add"))
        assert isinstance(again, Parked)
        assert (again.until, len(script.asked)) == (failure.until, 3)
        time.passed = 600
        assert portal.call("crm.item.add").result == 41

    @pytest.mark.parametrize(("reset_in", "rests"), [(300, 300), (-50, 60), (30, 60), (10**9, 600), (10**300, 600)])
    def test_it_rests_until_the_moment_the_portal_has_told_before(
        self, script: PortalScript, portal: Bitrix24Portal, reset_in: int, rests: int
    ) -> None:
        told = {"operating": 300.5, "operating_reset_at": int(NOW.timestamp()) + reset_in}
        script.plan(says({"result": 1, "time": told}), failed("OPERATION_TIME_LIMIT", 429))
        portal.call("x")
        failure = raised(lambda: portal.call("x"))
        assert isinstance(failure, Parked)
        assert failure.until == NOW + timedelta(seconds=rests)

    def test_too_many_requests_without_a_word_park_the_method(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        script.plan(http(429, "<html>"))
        assert isinstance(raised(lambda: portal.call("x")), Parked)
        assert isinstance(raised(lambda: portal.call("x")), Parked)
        assert len(script.asked) == 1

    @pytest.mark.parametrize("skew", [0, -86400, 86400])
    def test_it_rests_ahead_of_time_by_the_portals_own_clock(
        self, script: PortalScript, portal: Bitrix24Portal, time: Time, skew: int
    ) -> None:
        portals_now = NOW.timestamp() + skew
        told = {"operating": 419.9, "operating_reset_at": portals_now + 90, "finish": portals_now}
        script.plan(says({"result": 1, "time": told}), says({"result": 2, "time": {**told, "operating": 420}}), DONE)
        assert [portal.call("x").result for _ in range(2)] == [1, 2]
        failure = raised(lambda: portal.call("x"))
        assert isinstance(failure, Parked)
        assert (failure.until, len(script.asked)) == (NOW + timedelta(seconds=90), 2)
        time.passed = 90
        assert portal.call("x").result == 41


class TestMoved:
    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_renamed_portal_is_asked_at_its_new_address_from_then_on(
        self, certificates: Certificates, open_portal: Open, status: int
    ) -> None:
        with PortalScript(DONE, certificate=certificates.good) as new:
            moved: Answer = lambda request: http(status, "", Location=new.origin + request.path)  # noqa: E731
            with PortalScript(moved, certificate=certificates.good, name="localhost") as old:
                portal = open_portal(old.origin)
                assert portal.call("crm.item.add", {"n": 1}).result == 41
                portal.call("crm.item.add", {"n": 2})
        assert [request.line for request in new.asked] == [f"POST {PATH}/crm.item.add HTTP/1.1"] * 2
        assert [request.json["n"] for request in new.asked] == [1, 2]
        assert len(old.asked) == 1
        assert portal.host in new.origin

    def test_a_second_redirect_is_not_followed_and_nothing_is_remembered(
        self, script: PortalScript, portal: Bitrix24Portal
    ) -> None:
        with PortalScript(lambda request: http(302, "", Location=script.origin + request.path)) as other:
            script.plan(lambda request: http(302, "", Location=other.origin + request.path), DONE)
            assert type(raised(lambda: portal.call("x"))) is ServerAway
            assert (len(script.asked), len(other.asked)) == (1, 1)
            assert portal.call("x").result == 41

    @pytest.mark.parametrize(
        "location",
        [
            None,
            "",
            "/auth/",
            f"/auth/{SECRET}",
            "https://other.example/",
            "https://other.example/auth/?backurl={path}",
            "https://other.example{path}?x=1",
            "https://other.example/rest/17/another/x",
            "http://other.example{path}",
            "http://8.8.8.8{path}",
            "ftp://127.0.0.1{path}",
            "//[bad{path}",
            "https://user:x@127.0.0.1{path}",
            f"https://{SECRET}.example{{path}}",
            "https://" + "x" * 70 + ".example{path}",
            "https://a..b{path}",
            "https://127.0.0.1:99999{path}",
            "\xff\xfe",
        ],
    )
    def test_a_redirect_to_anything_but_the_same_path_on_a_safe_host_is_not_followed(
        self, script: PortalScript, portal: Bitrix24Portal, location: str | None
    ) -> None:
        headers = {} if location is None else {"Location": location.replace("{path}", f"{PATH}/x")}
        script.plan(http(302, "", **headers))
        failure = raised(lambda: portal.call("x"))
        assert type(failure) is ServerAway
        assert "sends the call on to" in str(failure)
        assert len(script.asked) <= 2

    @pytest.mark.parametrize(
        ("old", "new", "is_followed"),
        [
            ("https://old.bitrix24.ru", "https://new.bitrix24.ru", True),
            ("https://old.bitrix24.ru", "https://old.bitrix24.com", True),
            ("https://old.bitrix24.com.br", "https://new.bitrix24.com.br", True),
            ("https://portal.firm.example", "https://bitrix.firm.example", True),
            ("https://portal.firm.example", "https://portal.firm.example:8443", True),
            ("https://old.bitrix24.ru", "https://evil.example", False),
            ("https://old.bitrix24.ru", "https://bitrix24.ru.evil.example", False),
            ("https://old.bitrix24.ru", "https://old.bitrix24.evil.example", False),
            ("https://portal.firm.example", "https://portal.evil.example", False),
            ("https://portal.firm.example", "https://new.bitrix24.ru", False),
            ("https://firm.example", "https://evil.example", False),
            ("https://portal.firm.example", "https://127.0.0.1", False),
            ("https://portal.firm.example", "http://127.0.0.1:80", False),
            ("https://10.0.0.5", "https://10.0.0.6", False),
            ("https://10.0.0.5", "https://11.0.0.5", False),
        ],
    )
    def test_the_secret_follows_a_portal_to_a_new_name_of_the_same_owner_and_nowhere_else(
        self, old: str, new: str, is_followed: bool
    ) -> None:
        webhook = read_webhook(f"{old}{PATH}/")
        assert isinstance(webhook, Webhook)
        moved = moved_to(webhook, webhook.origin, "x", False, new + webhook.path("x", False))
        assert isinstance(moved, Origin) is is_followed

    def test_from_tls_it_is_never_followed_to_http(
        self, script: PortalScript, certificates: Certificates, open_portal: Open
    ) -> None:
        moved: Answer = lambda request: http(302, "", Location=script.origin + request.path)  # noqa: E731
        with PortalScript(moved, certificate=certificates.good) as secure:
            failure = raised(lambda: open_portal(secure.origin).call("x"))
        assert type(failure) is ServerAway
        assert "without TLS" in str(failure)
        assert script.asked == []

    def test_a_new_host_with_a_wrong_certificate_is_not_sent_the_secret(
        self, certificates: Certificates, open_portal: Open
    ) -> None:
        with PortalScript(DONE, certificate=certificates.wrong_name) as new:
            moved: Answer = lambda request: http(302, "", Location=new.origin + request.path)  # noqa: E731
            with PortalScript(moved, certificate=certificates.good) as old:
                assert "cannot be trusted" in str(raised(lambda: open_portal(old.origin).call("x")))
        assert new.asked == []


class TestAddress:
    @pytest.mark.parametrize("end", ["", "/", "/profile", "/profile.json", "/profile/", "/batch.xml"])
    def test_an_address_may_end_with_a_slash_or_a_method(self, script: PortalScript, end: str) -> None:
        portal = Bitrix24Portal(f" {script.origin}{PATH}{end}\n")
        script.plan(DONE)
        portal.call("scope")
        portal.close()
        assert script.asked[0].path == f"{PATH}/scope"
        assert (portal.user_id, portal.host) == (17, script.origin.removeprefix("http://"))

    @pytest.mark.parametrize(
        ("address", "host"),
        [
            ("https://company.bitrix24.ru", "company.bitrix24.ru"),
            ("HTTPS://Company.Bitrix24.RU:443", "company.bitrix24.ru"),
            ("https://портал.рф:8443", "xn--80a0aeifh.xn--p1ai:8443"),
            ("http://[::1]:80", "[::1]"),
            ("http://localhost:8080", "localhost:8080"),
        ],
    )
    def test_the_host_is_named_as_people_know_it(self, address: str, host: str) -> None:
        assert Bitrix24Portal(f"{address}{PATH}/").host.endswith(host.removeprefix("xn--80a0aeifh"))

    @pytest.mark.parametrize(
        "address",
        [
            "",
            SECRET,
            PATH,
            f"http://company.bitrix24.ru{PATH}/",
            f"http://10.0.0.1{PATH}/",
            f"http://localhost.example.com{PATH}/",
            f"ftp://localhost{PATH}/",
            f"https://company.bitrix24.ru/{SECRET}/",
            f"https://company.bitrix24.ru/rest/abc/{SECRET}/",
            f"https://company.bitrix24.ru/rest/17/{SECRET}/a/b",
            f"https://company.bitrix24.ru{PATH}/?x=1",
            f"https://company.bitrix24.ru{PATH}/#x",
            f"https://{SECRET}@company.bitrix24.ru{PATH}/",
            f"https://company bitrix24.ru{PATH}/",
            f"https://comp\nany.bitrix24.ru{PATH}/",
            f"https://[bad{PATH}/",
            f"https://a..b{PATH}/",
            f"https://company.bitrix24.ru:port{PATH}/",
            f"https://company.bitrix24.ru:99999{PATH}/",
            f"https:///{PATH}/",
        ],
    )
    def test_what_is_no_webhook_address_is_a_mistake_in_the_settings(self, address: str) -> None:
        failure = raised(lambda: Bitrix24Portal(address))
        assert isinstance(failure, ConfigurationError)
        assert [problem.key for problem in failure.problems] == ["bitrix24.webhook"]


class TestSecrecy:
    def test_no_log_shows_the_secret_even_when_everything_is_logged(
        self, certificates: Certificates, open_portal: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        with PortalScript(DONE, certificate=certificates.good) as new:
            moved: Answer = lambda request: http(302, request.path, Location=new.origin + request.path)  # noqa: E731
            with PortalScript(DONE, moved, DROP, certificate=certificates.good, name="localhost") as old:
                for name in (None, "httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
                    caplog.set_level(logging.DEBUG, name)
                portal = open_portal(old.origin)
                for method in ("x", "y", "z"):
                    portal.call(method)
                new.plan(DROP)
                raised(lambda: portal.call("x"))
        assert SECRET not in caplog.text
        assert SECRET not in str([vars(record) for record in caplog.records])

    def test_nothing_that_is_printed_of_it_shows_the_secret(self, portal: Bitrix24Portal) -> None:
        assert repr(portal) == f"<Bitrix24Portal {portal.host}>"
        assert SECRET not in f"{vars(portal)}{portal}{portal._webhook}"

    @pytest.mark.parametrize(
        "answer",
        [
            failed(SECRET, 400, f"no {PATH}/x " + "x" * 280 + SECRET),
            failed("NO_AUTH_FOUND", 401, SECRET.upper()),
            failed_v3(SECRET, 400, validation=[{"field": SECRET, "message": SECRET}]),
            failed(SECRET, 500, SECRET),
            http(404, f"<html>{PATH} not found"),
            f"{SECRET}\r\n".encode(),
            f"HTTP/1.1 200 {SECRET}\r\n{SECRET}\r\n\r\n".encode(),
            f"HTTP/1.1 500 {SECRET}\r\nLocation: {PATH}\r\nContent-Length: 1\r\n\r\n{SECRET}".encode(),
        ],
    )
    def test_a_portal_that_repeats_the_secret_is_not_quoted(
        self, script: PortalScript, portal: Bitrix24Portal, answer: bytes
    ) -> None:
        script.plan(answer)
        told = everything_told(raised(lambda: portal.call("x")))
        assert SECRET.lower() not in told.lower()
        assert SECRET[:12] not in told

    def test_a_program_that_is_stopped_in_the_middle_shows_no_address(
        self, script: PortalScript, portal: Bitrix24Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object, **__: object) -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr("httpcore._backends.sync.SyncStream.read", stop)
        script.plan(DONE)
        with pytest.raises(KeyboardInterrupt) as caught:
            portal.call("x")
        assert SECRET not in everything_told(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
words_of_the_portal = st.fixed_dictionaries(
    {},
    optional={
        "result": anything,
        "error": anything | st.sampled_from(sorted(answers.BY_ERROR)) | st.fixed_dictionaries({"code": anything}),
        "error_description": anything,
        "total": anything,
        "next": anything,
        "time": anything
        | st.fixed_dictionaries({}, optional=dict.fromkeys(("operating", "operating_reset_at", "finish"), anything)),
    },
)
bodies = st.binary(max_size=200) | st.builds(lambda told: json.dumps(told).encode(), words_of_the_portal | anything)
statuses = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 413, 422, 429, 500, 503]) | st.integers(200, 999)
raw_answers = (
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)
    | st.builds(http, statuses, bodies)
    | st.builds(lambda status, body: http(status, body)[:-1], statuses, bodies)
)


@pytest.fixture(scope="module")
def running() -> Iterator[PortalScript]:
    with PortalScript() as script:
        yield script


class TestAnything:
    @given(raw=raw_answers)
    @settings(max_examples=150)
    def test_any_bytes_are_an_answer_or_one_of_the_declared_failures(
        self, running: PortalScript, certificates: Certificates, raw: bytes
    ) -> None:
        time = Time()
        portal = Bitrix24Portal(
            f"{running.origin}{PATH}",
            certificates.ca_file,
            read_timeout=0.3,
            monotonic=time.monotonic,
            sleep=time.sleep,
            clock=time.clock,
        )
        running.plan(raw)
        outcome: object = None
        try:
            outcome = portal.call("x")
        except (ServerAway, Parked, InDoubt, PortalRefused) as failure:
            outcome = everything_told(failure)
        finally:
            portal.close()
        assert SECRET not in str(outcome)

    @given(status=st.integers(100, 999), body=bodies, v3=st.booleans())
    @settings(max_examples=400)
    def test_any_status_and_body_has_a_meaning(self, status: int, body: bytes, v3: bool) -> None:
        reading = answers.read("x.y", v3, status, body, False, 1e9, lambda text: text)
        assert (reading.answer is not None) == (reading.verdict is answers.Verdict.DONE)
        assert bool(reading.mend) == (reading.verdict is answers.Verdict.CLOSED)
        assert "\n" not in reading.complaint.said + reading.complaint.code

    @given(told=anything, parts=st.dictionaries(st.sampled_from(["result", "result_error", "result_time"]), anything))
    @settings(max_examples=60)
    def test_any_answer_to_a_batch_is_one_or_a_declared_failure(
        self, running: PortalScript, certificates: Certificates, told: object, parts: dict[str, object]
    ) -> None:
        portal = Bitrix24Portal(f"{running.origin}{PATH}", certificates.ca_file)
        running.plan(says({"result": {**parts, "result_total": told}}))
        try:
            assert set(portal.batch({"0": ("x", {})})) == {"0"}
        except InDoubt:
            pass
        finally:
            portal.close()
