"""Which company a command is for, where the settings name several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from mailflow.importing import importing
from mailflow.terminal import as_json, one_line

if TYPE_CHECKING:
    from mailflow.installation import Installation
    from mailflow.settings import Settings

Rest = ParamSpec("Rest")

_CHOSEN, _INSTALLATION, _SHOWN = "mailflow.company", "mailflow.installation", "mailflow.shown"
_OF_ONE_COMPANY = ("number", "csv", "xlsx", "ics")
"""Arguments and options that make no sense for all."""


def company_option() -> click.Option:
    """--company NAME."""

    def choose(ctx: click.Context, option: click.Parameter, name: str | None) -> None:
        if name is not None:
            ctx.meta[_CHOSEN] = name

    said = "Which company, where the settings name several."
    return click.Option(["--company"], metavar="NAME", help=said, expose_value=False, callback=choose)


def settings_file(ctx: click.Context) -> Path:
    """The file of --settings."""
    return ctx.find_object(Path) or Path("settings.yaml")


def load(ctx: click.Context) -> Settings:
    """The settings of the company that is meant. Raises UsageError where that is not said."""
    chosen = chosen_of(ctx, _load_all(ctx))
    if len(chosen) > 1:
        raise click.UsageError(f"Say which company with --company NAME: {', '.join(chosen)}.")
    return next(iter(chosen.values()))


def load_and_log(ctx: click.Context) -> Installation:
    """The settings of all companies; what is done from now on is logged, without their secrets."""
    from mailflow.log import start_logging

    installation = _load_all(ctx)
    log = next(iter(installation.companies.values())).log
    names = installation.companies if installation.several else ()
    start_logging(installation.secrets(), names, log.format, log.level)
    return installation


def chosen_of(ctx: click.Context, installation: Installation) -> Mapping[str, Settings]:
    """The company that --company names, or all of them."""
    name = ctx.meta.get(_CHOSEN)
    if name is None:
        return installation.companies
    if not installation.several:
        raise click.UsageError("The settings are those of one company: leave --company out.")
    if name not in installation.companies:
        known = ", ".join(installation.companies)
        raise click.UsageError(f"There is no company {one_line(name)}; the settings name {known}.")
    return {name: installation.companies[name]}


def for_each_company(command: Callable[Concatenate[click.Context, Rest], None]) -> Callable[..., None]:
    """Does a command for the company that is meant, or for all of them in turn, each under its name."""

    @wraps(command)
    def each(ctx: click.Context, *args: Rest.args, **more: Rest.kwargs) -> None:
        companies = chosen_of(ctx, _load_all(ctx))
        if len(companies) == 1 or any(more.get(name) for name in _OF_ONE_COMPANY):
            command(ctx, *args, **more)
            return
        code, shown = 0, dict[str, object]()
        ctx.meta[_SHOWN] = shown
        for name in companies:
            ctx.meta[_CHOSEN] = name
            if not more.get("machine"):
                click.echo(f"{name}:")
            try:
                command(ctx, *args, **more)
            except click.exceptions.Exit as ended:
                code = max(code, ended.exit_code)
        if shown:
            click.echo(as_json(shown))
        ctx.exit(code)

    return each


def show_json(ctx: click.Context, document: object) -> None:
    """Prints it; by the name of its company where all are shown."""
    if _SHOWN in ctx.meta:
        ctx.meta[_SHOWN][ctx.meta[_CHOSEN]] = document
    else:
        click.echo(as_json(document))


def _load_all(ctx: click.Context) -> Installation:
    if _INSTALLATION not in ctx.meta:
        with importing():
            from mailflow.installation import load_installation

        ctx.meta[_INSTALLATION] = load_installation(settings_file(ctx))
    installation: Installation = ctx.meta[_INSTALLATION]
    return installation
