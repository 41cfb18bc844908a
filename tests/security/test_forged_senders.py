"""A decision counts only from the person who was asked (process section 3): nobody else's mail is taken for theirs.

Rows A1 to A6 of the attack matrix: plain forgery (A1), forged Authentication-Results (A2), a pass for another domain
(A3), a From that programs read in different ways (A4), names and look-alikes (A5), Reply-To and its kind (A6). Each
attacker has what leaks most easily: the reference and the Message-ID of the request.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.attempt import ANNA, CHECKS, EVIL, IVAN, OLGA, PASS, Target, reply

ME = "mx.firm.example"
OWN_PASS = f"{ME}; dmarc=pass header.from=evil.example"
FAIL = f"{ME}; dmarc=fail header.from=firm.example"

UNVERIFIED = {
    "no results at all": (),
    "empty": ("",),
    "none": (f"{ME}; none",),
    **{
        f"dmarc={verdict}": (f"{ME}; dmarc={verdict} header.from=firm.example",)
        for verdict in (
            *("fail", "none", "temperror", "permerror", "policy", "neutral", "softfail", "hardfail", "bestguesspass"),
            *("unknown", "passed", "pass-not", "xpass", "0"),
        )
    },
    "spf alone": (f"{ME}; spf=pass smtp.mailfrom=olga@firm.example",),
    "spf and a helo": (f"{ME}; spf=pass smtp.helo=firm.example smtp.mailfrom=firm.example",),
    "iprev and auth": (f"{ME}; iprev=pass policy.iprev=192.0.2.1; auth=pass smtp.auth=olga@firm.example",),
    "arc alone": (f"{ME}; arc=pass header.oldest-pass=1",),
    "a failed signature": (f"{ME}; dkim=fail header.d=firm.example",),
    "a signature of a name below": (f"{ME}; dkim=pass header.d=x.firm.example",),
    "a signature and a failed dmarc": (f"{ME}; dkim=pass header.d=firm.example; dmarc=fail header.from=firm.example",),
    "a failed dmarc and a signature": (f"{ME}; dmarc=fail header.from=firm.example; dkim=pass header.d=firm.example",),
}


def forged(name: str) -> str:
    """Results that an attacker writes, under a name of the server."""
    return f"{name}; dmarc=pass header.from=firm.example"


FORGED_RESULTS = {
    **{
        f"alone, by {name!r}": (forged(name),)
        for name in (
            "mx.evil.example",
            "firm.example",
            "smtp.firm.example",
            "mx.firm.example.evil.example",
            "amx.firm.example",
            "mx-firm.example",
            "mx.firm.example.",
            "mx.firm.exampIe",
            "mx.fіrm.example",
            "mx.firm.example\u200b",
            "mx.firm.example,mx.evil.example",
            "mx.evil.example mx.firm.example",
            "mx.evil.example (mx.firm.example)",
            "(mx.firm.example) mx.evil.example",
            "=?utf-8?q?mx.firm.example?=",
            "mx.firm.example/1",
            "mx.firm.example;x",
            "mx.firm.example@evil.example",
            "evil@mx.firm.example",
            "",
            "outlook.com",
        )
    },
    **{
        f"{place} a fail, by {name!r}": (forged(name), FAIL) if place == "above" else (FAIL, forged(name))
        for place in ("above", "below")
        for name in (ME, ME.upper(), f"{ME} 1", f'"{ME}"', f"(a) {ME}", f"{ME} (b)", f"\r\n {ME}", "mx.evil.example")
    },
    "twice above a fail": (forged(ME), forged(ME), FAIL),
    "around a fail": (forged(ME), FAIL, forged(ME)),
    "above a result that says none": (forged(ME), f"{ME}; dmarc=none header.from=firm.example"),
    "above a pass for the attacker": (forged(ME), OWN_PASS),
    "below a pass for the attacker": (OWN_PASS, forged(ME)),
    "without a name, above": ("dmarc=pass header.from=firm.example", FAIL),
    "without a name, alone": ("dmarc=pass header.from=firm.example",),
    "in a comment first": (f"({ME}) ; dmarc=pass header.from=firm.example",),
    "a name that a comment hides": (f"(a) {ME}; dmarc=pass header.from=firm.example",),
    "a name in quotes": (f'"{ME}"; dmarc=pass header.from=firm.example',),
    "a name that begins with an escape": (f'"\\m{ME[1:]}"; dmarc=pass header.from=firm.example',),
}
OTHER_FIELDS = (
    "X-Authentication-Results",
    "ARC-Authentication-Results",
    "Old-Authentication-Results",
    "Authentication-Results-Original",
    "X-Original-Authentication-Results",
    "Authentication_Results",
    "Authentication-Result",
    "Resent-Authentication-Results",
    "Received-SPF",
    "DKIM-Signature",
    "Authentication-Results ",
    "Authentication-Results\t",
    "AUTHENTICATION-RESULTS ",
)
UNALIGNED = {
    "the attacker's own domain": (OWN_PASS,),
    "his mailbox": (f"{ME}; dmarc=pass header.from={EVIL}",),
    "a name below": (f"{ME}; dmarc=pass header.from=mail.firm.example",),
    "a name above": (f"{ME}; dmarc=pass header.from=example",),
    "no domain": (f"{ME}; dmarc=pass",),
    "an empty domain": (f'{ME}; dmarc=pass header.from=""',),
    "ours before his": (f"{ME}; dmarc=pass header.from=firm.example header.from=evil.example",),
    "his before ours": (f"{ME}; dmarc=pass header.from=evil.example header.from=firm.example",),
    "ours as another property": (f"{ME}; dmarc=pass smtp.from=firm.example",),
    "ours as a policy": (f"{ME}; dmarc=pass policy.from=firm.example header.from=evil.example",),
    "a look-alike": (f"{ME}; dmarc=pass header.from=fïrm.example",),
    "a longer name": (f"{ME}; dmarc=pass header.from=firm.example.evil.example",),
    "his signature": (f"{ME}; dkim=pass header.d=evil.example header.i=@evil.example",),
    "his signature, our identity": (f"{ME}; dkim=pass header.d=evil.example header.i=@firm.example",),
    "a signature of the end of our name": (f"{ME}; dkim=pass header.d=irm.example",),
    "a signature of the top": (f"{ME}; dkim=pass header.d=example",),
    "a signature of nobody": (f"{ME}; dkim=pass",),
    "our signature failed, his passed": (f"{ME}; dkim=fail header.d=firm.example; dkim=pass header.d=evil.example",),
    "our domain in a comment": (f"{ME}; dmarc=pass (header.from=firm.example) header.from=evil.example",),
    "a pass in a comment": (f"{ME}; dmarc=fail (dmarc=pass header.from=firm.example) header.from=firm.example",),
    "a pass in a reason": (
        f'{ME}; dmarc=fail reason="; dmarc=pass header.from=firm.example" header.from=firm.example',
    ),
    "a pass in a sender": (f'{ME}; spf=pass smtp.mailfrom="; dmarc=pass header.from=firm.example"@evil.example',),
    "a pass in a bare sender": (f"{ME}; spf=fail smtp.mailfrom=dmarc=pass@firm.example",),
    "a pass in a helo": (f"{ME}; spf=fail smtp.helo=dmarc=pass",),
    "a pass in an encoded word": (f"{ME}; spf=fail smtp.mailfrom==?utf-8?q?a=3B_dmarc=3Dpass?=@evil.example",),
    "a comment that never ends": (f"{ME}; dmarc=pass (header.from=evil.example header.from=firm.example",),
    "a quotation that never ends": (f'{ME}; dmarc=fail reason="x; dmarc=pass header.from=firm.example',),
}


@pytest.mark.parametrize("results", UNVERIFIED.values(), ids=UNVERIFIED)
def test_the_right_address_that_the_server_has_not_verified_decides_nothing(
    target: Target, results: tuple[str, ...]
) -> None:
    assert not target.attempt(reply(target.request, results=results)).done


@pytest.mark.parametrize("results", FORGED_RESULTS.values(), ids=FORGED_RESULTS)
def test_results_that_came_with_the_mail_decide_nothing(target: Target, results: tuple[str, ...]) -> None:
    assert not target.attempt(reply(target.request, results=results)).done


@pytest.mark.parametrize("field", OTHER_FIELDS)
def test_another_field_is_no_authentication_results(target: Target, field: str) -> None:
    assert not target.attempt(reply(target.request, f"{field}: {PASS}", results=())).done
    assert not target.attempt(reply(target.request, f"{field}: {PASS}", results=(FAIL,))).done


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", f"Authentication-Results: {PASS}\r\n\r\nAPPROVE\r\n"),
        ("text/plain", f"APPROVE\r\nAuthentication-Results: {PASS}\r\n"),
        (
            "multipart/mixed; boundary=b",
            f"--b\r\nAuthentication-Results: {PASS}\r\nContent-Type: text/plain\r\n\r\nAPPROVE\r\n--b--\r\n",
        ),
        ("message/rfc822", f"Authentication-Results: {PASS}\r\nFrom: {OLGA}\r\n\r\nAPPROVE\r\n"),
    ],
)
def test_results_below_the_header_count_nothing(target: Target, kind: str, body: str) -> None:
    for results in ((), (FAIL,)):
        attempt = reply(target.request, f"Content-Type: {kind}", results=results, body=body)
        assert not target.attempt(attempt).done


@pytest.mark.parametrize("results", UNALIGNED.values(), ids=UNALIGNED)
def test_a_pass_for_another_domain_is_none_for_this_one(target: Target, results: tuple[str, ...]) -> None:
    assert not target.attempt(reply(target.request, results=results)).done


TWO_FACED = (
    f"From: {OLGA}\r\nFrom: {EVIL}",
    f"From: {EVIL}\r\nFrom: {OLGA}",
    f"From: {OLGA}\r\nFrom: {OLGA}",
    f"From: {EVIL}\r\nfrom: {OLGA}",
    f"From: {EVIL}\r\nFROM : {OLGA}",
    f"From : {OLGA}",
    f"From\t: {OLGA}",
    f"From: {OLGA}\r\nFrom:",
    f"From: \r\nFrom: {OLGA}",
    f"From: {OLGA}, {EVIL}",
    f"From: {EVIL}, {OLGA}",
    f"From: <{OLGA}>, <{EVIL}>",
    f"From: <{OLGA}> <{EVIL}>",
    f"From: <{OLGA}>,",
    f"From: ,{OLGA}",
    f"From: {OLGA}; {EVIL}",
    f"From: {OLGA} {EVIL}",
    f"From: Olga: {OLGA};",
    f"From: Team: {EVIL}, {OLGA};",
    f"From: Team:;{OLGA}",
    f"From: <@evil.example:{OLGA}>",
    f"From: <@evil.example,@b.example:{OLGA}>",
    f"From: <{OLGA}:{EVIL}>",
    f"From: {OLGA} <{EVIL}>",
    f"From: {OLGA}<{EVIL}>",
    f"From: <{EVIL}> {OLGA}",
    f"From: {OLGA} (<{EVIL}>)",
    f"From: {EVIL} ({OLGA})",
    f"From: ({OLGA}) {EVIL}",
    f"From: ({EVIL}) <{OLGA}>",
    f"From: {OLGA} (a comment)",
    "From: olga(x)@firm.example",
    "From: olga@(x)firm.example",
    "From: olga @firm.example",
    "From: olga@ firm.example",
    'From: "olga"@firm.example',
    'From: "olga@firm.example',
    f'From: "{OLGA}" <{EVIL}>',
    f"From: '{OLGA}' <{EVIL}>",
    f'From: "{OLGA}\\" <{EVIL}>" <{OLGA}>',
    f'From: "x" <{OLGA}> <{EVIL}>',
    f'From: "<{OLGA}>" <{EVIL}>',
    f"From: =?utf-8?q?olga=40firm.example?= <{EVIL}>",
    f"From: =?utf-8?b?b2xnYUBmaXJtLmV4YW1wbGU=?= <{EVIL}>",
    "From: =?utf-8?q?olga=40firm.example?=",
    "From: =?utf-8?q?=3Colga=40firm.example=3E?=",
    f"From: =?utf-8?q?olga=40firm.example=00?= <{EVIL}>",
    f"From: =?utf-8?q?=3Colga=40firm.example=3E=0A?= <{EVIL}>",
    f"From: =?utf-8?q?olga=40firm.example=0D=0A?=\r\n <{EVIL}>",
    "From: =?utf-8?q?olga?=@firm.example",
    "From: olga@=?utf-8?q?firm.example?=",
    f"From: {OLGA}\0{EVIL}",
    f"From: {OLGA}\0",
    "From: olga\0@firm.example",
    f"From: {OLGA}\x7f",
    f"From: {OLGA}\x0b<{EVIL}>",
    f"From: {OLGA}\r<{EVIL}>",
    f"From: {OLGA}\u2028<{EVIL}>",
    f"From: {EVIL}\r\n {OLGA}",
    f"From:\r\n {EVIL}\r\n <{OLGA}>",
    f"From: <{OLGA}",
    f"From: {OLGA}>",
    f"From: <<{OLGA}>>",
    f"From: <{OLGA}>>",
    "From: olga@@firm.example",
    "From: olga@firm.example@evil.example",
    "From: olga%firm.example@evil.example",
    "From: evil.example!olga@firm.example@evil.example",
    "From: olga@firm.example.",
    "From: olga@firm..example",
    "From: .olga@firm.example",
    "From: olga.@firm.example",
    "From: olga@[firm.example]",
    "From: mailto:olga@firm.example",
    f"From: <mailto:{OLGA}>",
    "From: olga\u00ad@firm.example",
    "From: olga\u200b@firm.example",
    "From: \u202eolga@firm.example",
    "From: olga＠firm.example",
    "From: оlga@firm.example",
    f"From: Olga, Kim <{OLGA}>",
    f"From: Olga [x] <{OLGA}>",
    f"From: Olga@Kim <{OLGA}>",
    f"From: Olga\\ <{OLGA}>",
    f"From {OLGA}",
    f"Fr\r\n om: {OLGA}",
    f"From: {OLGA}\r\nno field at all",
    f"{OLGA}",
    f"Subject: x\r\n\r\nFrom: {OLGA}",
)
EIGHT_BIT = (
    b"From: \xff" + OLGA.encode(),
    b"From: " + OLGA.encode() + b"\xa0",
    b"From: ol\xe7a@firm.example",
    b"From: \xc0\xbc" + OLGA.encode() + b"\xc0\xbe <" + EVIL.encode() + b">",
    b"From: " + OLGA.encode("utf-16"),
    b"\xef\xbb\xbfFrom: " + OLGA.encode(),
    b"Fr\xd0\xbem: " + OLGA.encode(),
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("line", [*TWO_FACED, *EIGHT_BIT])
def test_a_from_that_programs_read_in_different_ways_decides_nothing(
    target: Target, line: str | bytes, check: str
) -> None:
    for results in ((PASS,), (OWN_PASS,), (PASS, OWN_PASS)):
        tried = target.attempt(reply(target.request, sender=line, results=results), check)
        assert not tried.done
        assert EVIL not in tried.recipients


LOOK_ALIKES = (
    "olga@firm.exampIe",
    "olga@firm.examp1e",
    "olga@f1rm.example",
    "olga@firrn.example",
    "olga@firm-example.example",
    "olga@firm.example.evil.example",
    "olga@firmexample",
    "olga@firm.co.example",
    "olga@fïrm.example",
    "olga@fіrm.example",
    "olga@ﬁrm2.example",
    "olga@xn--frm-qma.example",
    "olga@xn--frm-yed.example",
    "olga@mail.firm.example",
    "olga@example",
    "oIga@firm.example",
    "0lga@firm.example",
    "olga+x@firm.example",
    "olga.kim@firm.example",
    "o.lga@firm.example",
    "olga_@firm.example",
    "olga@kim@firm.example",
    IVAN,
    "petr@firm.example",
    "buh@firm.example",
    "admin@firm.example",
    "finance@firm.example",
)
NAMES_OF_THE_BOSS = (
    "Olga Kim",
    '"Olga Kim"',
    f'"Olga Kim {OLGA}"',
    f'"{OLGA}"',
    '"Olga Kim (olga at firm.example)"',
    "=?utf-8?q?Olga_Kim?=",
    "=?utf-8?b?T2xnYSBLaW0=?=",
    "Olga Kim via finance",
    "Оlga Kim",
    '"Olga Kim" \t',
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("address", LOOK_ALIKES)
def test_an_address_that_looks_alike_is_another_and_is_shown_as_it_is(target: Target, address: str, check: str) -> None:
    domain = address.rpartition("@")[2]
    results = (f"{ME}; dmarc=pass header.from={domain}",)
    tried = target.attempt(reply(target.request, sender=f"From: Olga Kim <{address}>", results=results), check)
    assert not tried.done
    if domain.isascii() and tried.state == "quarantined" and address.count("@") == 1:
        assert address.lower() in tried.reason


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", NAMES_OF_THE_BOSS)
def test_a_name_is_nobody(target: Target, name: str, check: str) -> None:
    for results in ((OWN_PASS,), (PASS,), (PASS, OWN_PASS)):
        tried = target.attempt(reply(target.request, sender=f"From: {name} <{EVIL}>", results=results), check)
        assert not tried.done
        assert EVIL not in tried.recipients


OTHER_SENDERS = (
    "Sender",
    "Reply-To",
    "Return-Path",
    "Resent-From",
    "Resent-Sender",
    "X-Sender",
    "X-Original-From",
    "X-From",
    "X-Google-Original-From",
    "Mail-Reply-To",
    "Mail-Followup-To",
    "Errors-To",
    "Return-Receipt-To",
    "Disposition-Notification-To",
    "Delivered-To",
    "Apparently-From",
    "List-Post",
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("field", OTHER_SENDERS)
def test_only_from_says_who_wrote(target: Target, field: str, check: str) -> None:
    named = f"{field}: Olga Kim <{OLGA}>"
    for sender in (f"From: {EVIL}", "From:", "X-Nothing: x"):
        tried = target.attempt(reply(target.request, named, sender=sender), check)
        assert not tried.done
        assert EVIL not in tried.recipients


@pytest.mark.parametrize("field", OTHER_SENDERS)
def test_an_answer_is_written_to_addresses_on_record_alone(target: Target, field: str) -> None:
    for said in ("APPROVE", "REJECT: no contract", "QUESTION: why?", "perhaps", "STATUS", "HELP", "DELEGATE: x@y.z"):
        tried = target.attempt(reply(target.request, f"{field}: {EVIL}", f"Cc: {EVIL}", body=f"{said}\r\n"))
        assert tried.recipients
        assert set(tried.recipients) <= set(target.company.people) | {target.company.administrator}


def test_a_whole_invoice_with_evil_reply_addresses_sends_nothing_to_them(tmp_path: Path) -> None:
    evil = [f"{field}: {EVIL}" for field in OTHER_SENDERS]
    target = Target(tmp_path, evil)
    target.receive(reply(target.request, *evil, body="QUESTION: whose?\r\n"))
    target.receive(reply(target.request, *evil))
    target.receive(reply(target.pay_request, *evil, sender=f"From: {ANNA}", body="PAID\r\n"))
    assert {"question", "approved", "paid"} <= set(target.events())
    with target.store.begin() as uow:
        sent = {entry.recipient for entry in uow.outbox.undelivered()}
    assert sent == {IVAN, OLGA, ANNA}
    for request in (target.request, target.pay_request):
        assert EVIL.encode() not in request.raw
