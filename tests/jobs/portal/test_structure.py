"""The portal's structure is read page by page and kept; what makes no sense takes no good one's place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailflow.approval.structure import Department, Structure
from mailflow.errors import TransientFailure
from mailflow.jobs.portal.structure import READ_EVERY, StructureReader
from tests.jobs.portal.conftest import Bureau


@pytest.fixture
def reader(bureau: Bureau) -> StructureReader:
    return StructureReader(bureau.store, bureau.client)


def kept(bureau: Bureau) -> Structure | None:
    with bureau.store.begin() as uow:
        return uow.portal.structure()


def test_every_page_of_people_and_departments_is_read(bureau: Bureau, reader: StructureReader) -> None:
    head = bureau.portal.add_user("Head@Example.com", "Head", "Newman")
    top = bureau.portal.add_department("Top", head=head)
    groups = [bureau.portal.add_department(f"Group {n}", parent=top) for n in range(120)]
    people = [bureau.portal.add_user(f"p{n}@example.com", f"P{n}", departments=(groups[n],)) for n in range(120)]
    assert reader.run_once(bureau.now)
    structure = kept(bureau)
    assert structure is not None
    assert set(groups) < set(structure.departments)
    assert set(people) < set(structure.members)
    assert structure.departments[top] == Department(top, "Top", None, head)
    assert structure.departments[groups[119]].parent == top
    assert structure.members[people[119]].departments == (groups[119],)
    assert structure.members[head].email == "head@example.com"
    asked = [call.method for call in bureau.portal.calls]
    assert asked.count("department.get") == 3
    assert asked.count("user.get") == 3


def test_somebody_dismissed_is_known_as_that(bureau: Bureau, reader: StructureReader) -> None:
    bureau.portal.add_department("Top")
    gone = bureau.portal.add_user("gone@example.com", "Gone", active=False)
    assert reader.run_once(bureau.now)
    structure = kept(bureau)
    assert structure is not None
    assert not structure.members[gone].active


def test_it_is_read_again_only_after_a_while(bureau: Bureau, reader: StructureReader) -> None:
    bureau.portal.add_department("Top")
    assert reader.run_once(bureau.now)
    assert not reader.run_once(bureau.now + READ_EVERY - timedelta(seconds=1))
    assert reader.run_once(bureau.now + READ_EVERY)


def test_a_clock_that_was_set_back_does_not_keep_an_old_structure_for_ever(
    bureau: Bureau, reader: StructureReader
) -> None:
    bureau.portal.add_department("Top")
    assert reader.run_once(bureau.now)
    assert reader.run_once(bureau.now - timedelta(days=1))


def test_a_portal_that_shows_no_departments_any_more_does_not_empty_what_is_known(
    bureau: Bureau, reader: StructureReader
) -> None:
    bureau.portal.add_department("Top")
    assert reader.run_once(bureau.now)
    known = kept(bureau)
    bureau.portal.people.departments.clear()
    with pytest.raises(TransientFailure, match="0 departments"):
        reader.run_once(bureau.now + READ_EVERY)
    assert kept(bureau) == known


@pytest.mark.parametrize("method", ["department.get", "user.get"])
def test_a_reading_that_is_cut_off_leaves_the_last_one_whole(
    bureau: Bureau, reader: StructureReader, method: str
) -> None:
    bureau.portal.add_department("Top")
    assert reader.run_once(bureau.now)
    known = kept(bureau)
    bureau.portal.add_department("New")
    bureau.portal.faults.next(method, "drop_before", 10)
    with pytest.raises(TransientFailure):
        reader.run_once(bureau.now + READ_EVERY)
    assert kept(bureau) == known
