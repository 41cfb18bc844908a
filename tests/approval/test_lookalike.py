"""A counterparty whose name looks like another's is told from one that is only written another way."""

from __future__ import annotations

import pytest

from mailflow.approval.lookalike import may_be_one, skeleton, spelling


@pytest.mark.parametrize(
    ("known", "forged"),
    [
        ("ООО «Ромашка»", "ООО «Рoмашка»"),
        ("ООО «Ромашка»", "ООО «Pомaшкa»"),
        ("Acme Ltd", "Аcme Ltd"),
        ("Acme Ltd", "Acrne Ltd"),
        ("Google LLC", "G00gle LLC"),
        ("Intel", "lntel"),
        ("PayPal", "PaypaI"),
        ("Siemens", "Síemens"),
        ("Alpha", "Αlpha"),
        ("Vveb", "Web"),
        ("Строй Сервис", "Cтрой Сервис"),
        ("ООО Ромашка", "OOO Ромашка"),
        ("Acme Corp", "Acme Сorp"),
        ("Ромашка ООО", "OOO «Рoмашка»"),
    ],
)
def test_other_letters_that_look_alike_are_another_company(known: str, forged: str) -> None:
    assert skeleton(known) == skeleton(forged)
    assert spelling(known) != spelling(forged)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ООО «Ромашка»", "Ромашка, ООО"),
        ("ООО «Ромашка»", 'ооо "РОМАШКА"'),
        ("Acme Ltd.", "ACME LIMITED"),
        ("Müller GmbH", "MÜLLER  GmbH"),
        ("ИП Иванов Пётр", "Иванов Пётр, ИП"),
    ],
)
def test_the_same_name_written_another_way_is_no_matter(one: str, other: str) -> None:
    assert spelling(one) == spelling(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ООО «Ромашка»", "ООО «Ландыш»"), ("Acme", "Acne"), ("ООО", "АО"), ("Север 2", "Север 3")]
)
def test_other_names_do_not_look_alike(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_a_legal_form_alone_is_a_name() -> None:
    assert spelling("ООО") == "ооо"
    assert skeleton("") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ООО «Ромашка»", 'OOO "Romashka"'),
        ("ИП Кузнецов", "IP Kuznetsov"),
        ("Северсталь", "PAO Severstal"),
        ("Щёлково Агрохим", "Schelkovo Agrohim"),
        ("ООО «Ромашка»", "Ромашка Плюс"),
        ("Muster", "Muster GmbH, Berlin"),
    ],
)
def test_a_name_in_other_letters_may_be_one_companys(one: str, other: str) -> None:
    assert may_be_one(one, other)
    assert may_be_one(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ООО «Ромашка»", "Lily Ltd"), ("Acme", "Muster GmbH"), ("ООО «Ромашка»", "ООО «Рамашка»"), ("Север", "Evil Ltd")],
)
def test_other_names_are_other_companies(one: str, other: str) -> None:
    assert not may_be_one(one, other)
