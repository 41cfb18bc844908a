"""The templates: Jinja2 in a sandbox, one folder for each language and message.

`<language>/<message>/subject.txt.j2`, `body.txt.j2` and `body.html.j2` make one mail; `_layout.*` and `_parts.*` hold
what all mails share, `<language>/_words.j2` the words for that. What people wrote reaches a template as a variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

import jinja2
from babel.localedata import exists
from jinja2.runtime import Context as TemplateContext
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from mailflow.approval.company import Company
from mailflow.approval.money import Money
from mailflow.approval.wording import KEYWORDS
from mailflow.branding import Branding
from mailflow.errors import TransientFailure
from mailflow.outbound import formats
from mailflow.outbound.buttons import mailto
from mailflow.outbound.cleaning import one_line, paragraph, shortened, whole_text
from mailflow.outbound.context import Context

_SUBJECT_LENGTH = 160
_QUOTED_TITLE_LENGTH = 60
_FORBIDDEN = re.compile("_|(f|co|tb|gi|cr|ag)_|mro$")  # privates; frames, code, tracebacks and what leads to them
_BLANK_LINES = re.compile(r"\n{3,}")
_EDGES = " \t.,:;!?«»“”„\"'()[]*-–—`"


@dataclass(frozen=True)
class Rendered:
    """A mail's words. The subject begins with the reference in brackets; text and HTML say the same."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class TemplateProblem:
    """What is wrong with a template; `line` is 1-based, None where no single line is to blame."""

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.what}"


class BrokenTemplate(TransientFailure):
    """A template cannot be rendered; the mail waits until it is mended."""

    def __init__(self, problem: TemplateProblem) -> None:
        super().__init__(f"the template {problem}")
        self.problem = problem


@lru_cache(1024)
def _is_harmless(attribute: str) -> bool:
    """Whether an attribute of this name may be read whosever it is; what formats texts is Jinja2's to watch."""
    return not _FORBIDDEN.match(attribute) and attribute not in ("format", "format_map")


class _Sandbox(SandboxedEnvironment):
    """Jinja2's own, which forbids by name alone what that one forbids by name and type: several times faster."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not _FORBIDDEN.match(attr)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if _is_harmless(attribute):
            try:
                return getattr(obj, attribute)
            except AttributeError:  # an item, or there is no such thing
                pass
        return super().getattr(obj, attribute)


class Templates:
    """Renders messages. `loader` finds the templates by their path below the templates folder."""

    def __init__(self, loader: jinja2.BaseLoader, branding: Branding | None = None) -> None:
        self.branding = branding or Branding()
        self._environment = _Sandbox(
            loader=loader,
            autoescape=lambda name: bool(name) and ".html" in str(name),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)

    def render(self, language: str, message: str, context: Context) -> Rendered:
        """One message in one language. Raises BrokenTemplate, a TransientFailure, naming the file and the line."""
        words = one_line(self.part(language, message, "subject.txt.j2", context))
        subject = shortened(f"[{context['reference']}] {words}", _SUBJECT_LENGTH)
        link = partial(mailto, context["mailbox"], "Re: " + subject)
        facts = {
            **context,
            "subject": subject,
            "mailto": link,
            "logo": self.branding.logo,
            "signature": self.branding.signature_in(language),
        }
        text = self.part(language, message, "body.txt.j2", facts)
        html = self.part(language, message, "body.html.j2", facts)
        return Rendered(subject, _tidy(text), whole_text(html).strip() + "\n")

    def part(self, language: str, message: str, part: str, context: Context) -> str:
        """One template of a message, such as the invite's `description.txt.j2`. Raises as `render` does."""
        name = f"{language}/{message}/{part}"
        try:
            return self._environment.get_template(name).render(context)
        except Exception as error:
            raise BrokenTemplate(problem_of(name, error)) from error

    def words(self, language: str, table: str) -> Mapping[str, str]:
        """A table of sentences by their codes, such as `unclear`. Raises as `render` does."""
        name = f"{language}/_words.j2"
        try:
            words: Mapping[str, str] = getattr(self._environment.get_template(name).module, table)
        except Exception as error:
            raise BrokenTemplate(problem_of(name, error)) from error
        return words

    def languages(self) -> tuple[str, ...]:
        """The languages that there are words of."""
        words = (name for name in self._environment.list_templates() if name.endswith("/_words.j2"))
        return tuple(language for name in words if exists(language := name.removesuffix("/_words.j2")))

    def check(self, company: Company) -> list[TemplateProblem]:
        """Renders every message in every language with sample invoices; what is wrong, each thing once."""
        return list(dict.fromkeys([*self._unreadable(), *self._unrenderable(company)]))

    def _unreadable(self) -> Iterator[TemplateProblem]:
        for name in self._environment.list_templates(filter_func=lambda name: name.endswith(".j2")):
            try:
                self._environment.get_template(name)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a template is reported
                yield problem_of(name, error)

    def _unrenderable(self, company: Company) -> Iterator[TemplateProblem]:
        from mailflow.outbound.samples import sample_contexts  # a company of its own, which only a check looks at

        for language, message, context in sample_contexts(company, self.languages()):
            try:
                rendered = self.render(language, message, context)
                for part in ("summary.txt.j2", "description.txt.j2") if message == "invite" else ():
                    self.part(language, message, part, context)
            except BrokenTemplate as broken:
                yield broken.problem
            else:
                yield from _unsafe(f"{language}/{message}", rendered, context)


def _unsafe(folder: str, rendered: Rendered, context: Context) -> Iterator[TemplateProblem]:
    """What would make an answer to this mail hard or dangerous to read."""
    text, html = f"{folder}/body.txt.j2", f"{folder}/body.html.j2"
    if not rendered.text.startswith(context["marker"]):
        yield TemplateProblem(text, None, f"the text does not begin with the line {context['marker']!r}.")
    for file, body in ((text, rendered.text), (html, rendered.html)):
        if context["reference"] not in body:
            yield TemplateProblem(file, None, "the reference of the mail is missing.")
    for line in rendered.text.splitlines():
        if is_bare_keyword(line):
            what = f"the line {line.strip()!r} is a keyword alone, and could be read as an answer: use a sentence."
            yield TemplateProblem(text, None, what)


def is_bare_keyword(line: str) -> bool:
    """Whether a line holds nothing but a keyword, in any language; a line quoted with '>' is somebody else's."""
    return one_line(line).strip(_EDGES).casefold() in _BARE


_BARE = frozenset(word.casefold() for languages in KEYWORDS.values() for words in languages.values() for word in words)


def problem_of(name: str, error: Exception) -> TemplateProblem:
    """What is wrong with a template whose rendering raised this."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateProblem(error.filename or error.name or name, error.lineno, error.message or "a syntax error")
    what = str(error)
    if isinstance(error, jinja2.TemplateNotFound):
        what = f"there is no template {error.name}."
    elif not isinstance(error, jinja2.TemplateError):
        what = f"{type(error).__name__}: {error}"
    file, line = name, None
    traceback = error.__traceback__
    while traceback:
        if "__jinja_exception__" in traceback.tb_frame.f_globals:
            file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return TemplateProblem(name if file == "<template>" else file, line, what)


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip(" ") for line in whole_text(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip() + "\n"


@jinja2.pass_context
def _money(context: TemplateContext, value: Money | str) -> str:
    return _unbroken(context, formats.money(value, context["language"]))


@jinja2.pass_context
def _date(context: TemplateContext, value: date | str) -> str:
    return _unbroken(context, formats.day(value, context["language"]))


@jinja2.pass_context
def _dated(context: TemplateContext, text: str) -> str:
    """An ISO date as a date, any other text as it is."""
    try:
        return _unbroken(context, formats.day(text, context["language"]))
    except ValueError:
        return text


@jinja2.pass_context
def _moment(context: TemplateContext, value: datetime | str) -> str:
    return _unbroken(context, formats.moment(value, context["language"], context["timezone"]))


def _unbroken(context: TemplateContext, text: str) -> str:
    """In HTML an amount or a date stays on one line; text/plain keeps its simple spaces."""
    return text.replace(" ", "\u00a0") if context.eval_ctx.autoescape else text


@jinja2.pass_context
def _size(context: TemplateContext, count: int) -> str:
    return formats.size(count, context["language"])


@jinja2.pass_context
def _plural(context: TemplateContext, count: int, *forms: str) -> str:
    return formats.plural(count, context["language"], *forms)


def _one_line(text: object) -> str:
    return one_line(str(text))


def _quoted(text: object) -> str:
    """What somebody wrote, as a quotation of plain text: '> ' before every line."""
    return "\n".join(f"> {line}" for line in paragraph(str(text)).split("\n"))


def _breaks(text: object) -> Markup:
    """What somebody wrote, with its line breaks, for HTML."""
    return Markup("<br>").join(escape(line) for line in paragraph(str(text)).split("\n"))


def _short(text: object, length: int = _QUOTED_TITLE_LENGTH) -> str:
    return shortened(_one_line(text), length)


FILTERS: dict[str, Callable[..., str]] = {
    "money": _money,
    "date": _date,
    "dated": _dated,
    "moment": _moment,
    "size": _size,
    "plural": _plural,
    "quoted": _quoted,
    "breaks": _breaks,
    "one_line": _one_line,
    "short": _short,
}
"""What templates may do with a value. Words of the reader's language, times in the company's time zone."""
