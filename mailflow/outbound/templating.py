"""Templates -> subject, text and HTML. What users wrote goes in as values only, never as template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from mailflow.errors import TransientFailure
from mailflow.outbound import formats

SUBJECT, TEXT, HTML = "subject.txt.j2", "body.txt.j2", "body.html.j2"


@dataclass(frozen=True)
class Rendered:
    """A mail's words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class TemplateProblem:
    """A template that cannot be rendered: its file, the line (1-based), what is wrong."""

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


class Templates:
    """The templates of every language, compiled once."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self._environment = SandboxedEnvironment(
            loader=loader,
            autoescape=lambda name: bool(name and name.endswith((".html.j2", ".html"))),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self._environment.filters["money_text"] = formats.money_text
        self._environment.globals["plural"] = formats.plural

    def render(self, language: str, message: str, context: Mapping[str, Any]) -> Rendered:
        """One message; raises TransientFailure naming the template, so that the mail waits until it is mended."""
        parts = [self._part(f"{language}/{message}/{name}", context) for name in (SUBJECT, TEXT, HTML)]
        return Rendered(" ".join(parts[0].split()), parts[1].strip() + "\n", parts[2])

    def problem(self, language: str, message: str, context: Mapping[str, Any]) -> TemplateProblem | None:
        """What is wrong with one message's templates; None where they render."""
        for name in (SUBJECT, TEXT, HTML):
            path = f"{language}/{message}/{name}"
            try:
                self._environment.get_template(path).render(context)
            except Exception as error:  # noqa: BLE001 - a template may raise anything
                return _located(path, error)
        return None

    def _part(self, path: str, context: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(path).render(context)
        except Exception as error:
            raise TransientFailure(f"The template cannot be rendered: {_located(path, error)}") from error


def _located(path: str, error: Exception) -> TemplateProblem:
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateProblem(path, None, f"the file {error.name} is not there")
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateProblem(error.name or path, error.lineno, error.message or "syntax error")
    file, line = path, None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            file, line = _short(trace.tb_frame.f_code.co_filename, path), trace.tb_lineno
        trace = trace.tb_next
    return TemplateProblem(file, line, str(error) or type(error).__name__)


def _short(file: str, path: str) -> str:
    parts = file.replace("\\", "/").split("/")
    return path if path.endswith(parts[-1]) and len(parts) < 3 else "/".join(parts[-3:])
