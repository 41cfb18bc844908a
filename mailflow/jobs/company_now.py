"""The company as it is known now: the settings, and the heads that the portal had when it was last read."""

from __future__ import annotations

from dataclasses import replace

from mailflow.approval.company import Company
from mailflow.approval.structure import HierarchySource
from mailflow.store.unit_of_work import UnitOfWork


def company_now(company: Company, uow: UnitOfWork) -> Company:
    """The company of the settings where they know the heads; else with the portal's structure, None if never read."""
    if company.hierarchy is HierarchySource.SETTINGS:
        return company
    return replace(company, structure=uow.portal.structure())
