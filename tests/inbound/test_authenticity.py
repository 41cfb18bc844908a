"""sender_check: dmarc = an answer counts only with an aligned pass by a trusted authserv-id."""

from __future__ import annotations

import pytest

from mailflow.inbound.authenticity import sender_is_authentic
from mailflow.inbound.message import parse

PASS = "mx.firm.example; spf=pass smtp.mailfrom=firm.example; dmarc=pass header.from=firm.example"
FAIL = "mx.firm.example; dmarc=fail header.from=firm.example"
FORGED = "mx.evil.example; dmarc=pass header.from=firm.example"


def judged(
    *values: str, sender: str = "boss@firm.example", trusted: tuple[str, ...] = ("MX.firm.example",)
) -> str | None:
    header = [f"Authentication-Results: {value}" for value in values] + [f"From: {sender}", "Subject: x", "", "APPROVE"]
    return sender_is_authentic(parse("\r\n".join(header).encode()), "dmarc", trusted)


def test_where_the_reference_suffices_nothing_more_is_asked() -> None:
    assert sender_is_authentic(parse(b"From: boss@firm.example\r\n\r\nAPPROVE"), "reference", ()) is None


@pytest.mark.parametrize(
    "values",
    [
        (PASS,),
        (PASS.replace("mx.firm.example;", "mx.firm.example 1;"),),
        (PASS.replace("mx.firm.example;", "mx.firm.example (by hand);"),),
        (PASS.replace("; ", ";\r\n\t"),),
        (PASS.replace("mx.", "Mx."),),
        (PASS.replace("header.from=firm.example", "header.from=boss@firm.example"),),
        ("mx.firm.example; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=firm.example",),
        (FORGED, PASS),
        (PASS, FORGED),
        ("mx.firm.example; spf=pass smtp.mailfrom=firm.example", PASS),
        ("mx.firm.example; dkim=pass header.d=firm.example",),
        ("mx.firm.example; dkim=pass header.i=@firm.example header.s=s1",),
        ("mx.firm.example; dkim=fail header.d=firm.example; dkim=pass header.d=firm.example",),
    ],
)
def test_an_aligned_pass_of_the_trusted_server_counts(values: tuple[str, ...]) -> None:
    assert judged(*values) is None


def test_a_signature_of_the_domain_above_counts_for_the_one_below() -> None:
    assert judged("mx.firm.example; dkim=pass header.d=firm.example", sender="boss@msk.firm.example") is None


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        ("none",),
        (FORGED,),
        (FAIL,),
        (FAIL, PASS),
        (FAIL.replace("header.from=", "\x8ceader from=;("), PASS),
        (PASS, f"{FAIL}; ((("),
        (PASS, FAIL),
        (PASS.replace("firm.example", "evil.example"),),
        (PASS.replace("header.from=firm.example", "header.from=evil.example"),),
        (PASS.replace("header.from=firm.example", "header.from=msk.firm.example"),),
        (PASS.replace("header.from=firm.example", ""),),
        (PASS.replace("header.from=firm.example", "header.from=firm.example header.from=evil.example"),),
        (PASS + "; dmarc=fail header.from=firm.example",),
        *(
            (f"mx.firm.example; dmarc={verdict} header.from=firm.example",)
            for verdict in ("none", "temperror", "permerror")
        ),
        ("mx.firm.example; none",),
        ("mx.firm.example; spf=pass smtp.mailfrom=firm.example",),
        ("mx.firm.example; dkim=pass header.d=evil.example",),
        ("mx.firm.example; dkim=pass header.d=example",),
        ("mx.firm.example; dkim=pass header.d=rm.example",),
        ("mx.firm.example; dkim=fail header.d=firm.example",),
        ("mx.firm.example; dmarc=fail (dmarc=pass header.from=firm.example) header.from=firm.example",),
        ('mx.firm.example; dmarc=fail reason="dmarc=pass header.from=firm.example" header.from=firm.example',),
        ("mx.firm.example; spf=pass smtp.mailfrom=dmarc=pass",),
        ("mx.firm.example; spf=fail smtp.mailfrom==?utf-8?q?a=3B_dmarc=3Dpass_header=2Efrom=3Dfirm=2Eexample?=",),
        ("(mx.firm.example) mx.evil.example; dmarc=pass header.from=firm.example",),
        ("(a) mx.firm.example; dmarc=pass header.from=firm.example",),
        ("mx.firm.example.evil.example; dmarc=pass header.from=firm.example",),
        ("dmarc=pass header.from=firm.example",),
        ("mx.firm.example; dmarc=pass header.from=firm.example; (((((",),
        ("mx.firm.example; " + "(" * 5000,),
    ],
)
def test_anything_doubtful_refuses(values: tuple[str, ...]) -> None:
    assert judged(*values) is not None


def test_nobody_is_trusted_where_no_server_is_named() -> None:
    assert judged(PASS, trusted=()) is not None


def test_results_without_a_name_count_at_the_top_where_microsofts_server_is_trusted() -> None:
    nameless = "spf=pass smtp.mailfrom=firm.example; dmarc=pass action=none header.from=firm.example"
    assert judged(nameless, trusted=("outlook.com",)) is None
    assert judged(nameless, trusted=("mail.protection.outlook.com",)) is None
    assert judged(nameless) is not None
    assert judged(nameless, trusted=("myoutlook.com",)) is not None
    assert judged(FORGED, nameless, trusted=("outlook.com",)) is not None
