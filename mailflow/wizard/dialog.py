"""Questions at a terminal: each with a default where there is an honest one, and a way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from mailflow.terminal import several_lines

BACK = ("<", "back", "назад")
YES = ("y", "yes", "д", "да")
NO = ("n", "no", "н", "нет")

T = TypeVar("T")


class Back(Exception):
    """The question before is to be asked again."""


class Unfit(ValueError):
    """What was typed is no answer; the sentence that says why."""


def say(text: str = "") -> None:
    """Prints a paragraph."""
    click.echo(several_lines(text))


def ask(question: str, read: Callable[[str], T], default: str = "", hidden: bool = False) -> T:
    """The answer, read and found fit; raises Back where somebody wants that."""
    shown = f" [{default}]" if default else ""
    while True:
        typed = click.prompt(
            several_lines(f"{question}{shown}"), default=default, show_default=False, hide_input=hidden, err=False
        ).strip()
        if typed == BACK[0] or (not hidden and typed.lower() in BACK):
            raise Back
        try:
            return read(typed)
        except Unfit as unfit:
            say(f"  {unfit}")


def ask_yes(question: str, unfit: str, default: bool = True) -> bool:
    """Yes or no, in either language."""

    def read(typed: str) -> bool:
        if typed.lower() in (*YES, *NO):
            return typed.lower() in YES
        raise Unfit(unfit)

    return ask(f"{question} ({'Y/n' if default else 'y/N'})", read, "y" if default else "n")


def ask_choice(question: str, choices: Sequence[str], unfit: str, default: str) -> str:
    """One of several words, by itself or by its number."""

    def read(typed: str) -> str:
        numbered = {str(number): choice for number, choice in enumerate(choices, 1)}
        chosen = numbered.get(typed, typed.lower())
        if chosen in choices:
            return chosen
        raise Unfit(unfit)

    return ask(question, read, default)


def walk(steps: Sequence[Callable[[], bool]]) -> None:
    """One step after the other; Back in one of them goes to the last that asked anything (it gives True)."""
    trail: list[int] = []
    at = 0
    while at < len(steps):
        try:
            asked = steps[at]()
        except Back:
            at = trail.pop() if trail else 0
            continue
        if asked:
            trail.append(at)
        at += 1
