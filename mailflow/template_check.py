"""Whether the templates of a folder can be written, in every language, and what there is to know of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mailflow.approval.company import Company
from mailflow.branding import Branding
from mailflow.outbound.portal_texts import PortalTexts
from mailflow.outbound.templating import TemplateProblem, Templates
from mailflow.template_folder import in_english, loader_of, not_languages_in, outdated

_MOST_NAMES = 4


def problems_of(folder: Path, company: Company, branding: Branding) -> list[TemplateProblem]:
    """Renders every mail and every text of the portal with samples; what is wrong, each thing once."""
    loader = loader_of(folder)
    templates = Templates(loader, branding)
    found = templates.check(company)
    for language in templates.languages():
        found += PortalTexts(loader, replace(company, language=language)).check()
    return list(dict.fromkeys(found))


def notes_on(folder: Path) -> list[str]:
    """What is no mistake, a sentence each: folders that are no language, what is not translated, what is outdated."""
    notes = [f"{each}; so nobody is written to in it." for each in not_languages_in(folder)]
    notes += [
        f"{language}: {_named(files)} not there, and in English." for language, files in in_english(folder).items()
    ]
    for each in outdated(folder):
        mend = (
            "compare the two, and take over what is new" if each.edited else "delete the copy, and the new one counts"
        )
        notes.append(f"{each.file} has changed in mailflow since it was copied: {mend}.")
    return notes


def _named(files: list[str]) -> str:
    named, more = ", ".join(files[:_MOST_NAMES]), len(files) - _MOST_NAMES
    verb = "is" if len(files) == 1 else "are"
    return f"{named} and {more} more {verb}" if more > 0 else f"{named} {verb}"
