"""settings.yaml as plain values, with the line of every key, so that whatever is wrong can be shown in its place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mailflow.errors import ConfigurationError, SettingsProblem
from mailflow.packaged import packaged
from mailflow.secret_file import UnfitFile, others_can_read, read_secret

KeyPath = tuple[str | int, ...]

_NULLS = ("", "~", "null", "Null", "NULL")
_PLAIN_TAGS = tuple(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"
_QUOTED = re.compile(r" ?'(?![<\\])[^']{2,}'")


def key_name(path: KeyPath) -> str:
    """A key as people write it: mailbox.imap.port, approval.sequence[1] (counted from 1)."""
    name = ""
    for part in path:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "settings"


@dataclass
class Source:
    """What one file says. A scalar is its text: the settings know their own types; a key without a value is absent.

    `files` are all that it was read from. `lines` are 1-based; `texts` hold scalars as they stand in the file, before
    any ${NAME} was filled in.
    """

    files: list[Path] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    texts: dict[KeyPath, str] = field(default_factory=dict)
    problems: dict[KeyPath, SettingsProblem] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest section around it that is there."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def written_out(self, path: KeyPath) -> str:
        """What stands in the file itself for a key, without what is filled in."""
        return _VARIABLE.sub("", self.texts.get(path, ""))

    def add(self, path: KeyPath, what: str, mend: str) -> None:
        """Notes what is wrong with a key; the first thing that is wrong with it counts."""
        self.problems.setdefault(path, SettingsProblem(key_name(path), what, mend, self.line(path)))


def read_source(path: Path, environ: Mapping[str, str]) -> Source:
    """Reads a settings file and the `.env` beside it. Raises ConfigurationError where it is no YAML at all."""
    text = _text_of(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(str(path), [_syntax_problem(error, text)]) from None
    except RecursionError:
        too_deep = SettingsProblem("YAML", "is nested too deeply.", "Remove brackets.")
        raise ConfigurationError(str(path), [too_deep]) from None
    if not isinstance(root, yaml.MappingNode):
        mend = f"Start from the sample, {packaged('settings.yaml')}."
        raise ConfigurationError(str(path), [SettingsProblem("settings", "are empty or no list of keys.", mend)])
    source = Source([path, path.parent / ".env"])
    _Walk(source, {**_dotenv(path.parent / ".env", source), **environ}, path.parent).run(root)
    return source


def files_of(path: Path, environ: Mapping[str, str]) -> list[Path]:
    """All the files that settings are read from, whether or not they are right."""
    try:
        return read_source(path, environ).files
    except ConfigurationError:
        return [path, path.parent / ".env"]


def _text_of(path: Path) -> str:
    mend = f"Copy the sample, {packaged('settings.yaml')}, or name another file with --settings FILE."
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        what = "there is no such file."
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})."
    except UnicodeDecodeError as error:
        what, mend = f"byte {error.start + 1} is not UTF-8.", "Save the file as UTF-8."
    raise ConfigurationError(str(path), [SettingsProblem("settings", what, mend)])


def _syntax_problem(error: yaml.YAMLError, text: str) -> SettingsProblem:
    """The parser's complaint without what it quotes from the file: that may be a secret."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return SettingsProblem("YAML", "holds a character that YAML does not allow.", "Remove the character.", line)
    mark = getattr(error, "problem_mark", None)
    said = _QUOTED.sub("", getattr(error, "problem", None) or "cannot be read")
    return SettingsProblem("YAML", f"{said}.", _syntax_mend(said), mark.line + 1 if mark else None)


def _syntax_mend(said: str) -> str:
    if "'\\t'" in said:
        return "Indent with spaces, not with tabs."
    if "cannot start any token" in said or "alias" in said or "anchor" in said or "tag" in said:
        return 'Put the value in quotes: "...".'
    if "but found another document" in said or "single document" in said:
        return "Remove the line ---."
    return 'Keep the keys of one section at the same indentation; put a value that holds ": " or "#" in quotes.'


@dataclass
class _Walk:
    """From YAML nodes to plain values."""

    source: Source
    environ: Mapping[str, str]
    folder: Path
    seen: set[int] = field(default_factory=set)

    def run(self, root: yaml.MappingNode) -> None:
        self.source.values = self._mapping(root, ())

    def _value(self, node: yaml.Node, path: KeyPath) -> object:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.seen:
            self.source.add(path, "refers to another part of the file (*alias).", "Write it out here.")
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        self._refuse_tag(path)
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        values: dict[str, object] = {}
        known: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.source.add(path, "has a key that is no word.", "Write `key: value`.")
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in known:
                self.source.lines[here] = line
                self.source.add(here, f"stands here again, first in line {known[key]}.", "Keep one of the two.")
                continue
            known[key] = self.source.lines[here] = line
            if (value := self._value(value_node, here)) is not None:
                values[key] = value
        return values

    def _item(self, node: yaml.Node, path: KeyPath) -> object:
        self.source.lines[path] = node.start_mark.line + 1
        value = self._value(node, path)
        return "" if value is None else value

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> object:
        if node.tag not in _PLAIN_TAGS:
            self._refuse_tag(path)
            return None
        text = str(node.value)
        if node.style is None and text in _NULLS:
            return None
        self.source.texts[path] = text
        return _VARIABLE.sub(lambda found: self._variable(found, path), text)

    def _variable(self, found: re.Match[str], path: KeyPath) -> str:
        name, end = found.groups()
        if end and name.startswith(_FILE):
            return self._secret(name.removeprefix(_FILE), path)
        if not end or not _NAME.fullmatch(name):
            mend = "Write the variable as ${NAME}, or a file as ${file:/path/to/secret}."
            self.source.add(path, "has a ${ that begins no ${NAME}.", mend)
        elif name not in self.environ:
            mend = f"Set {name} before mailflow starts, or write {name}=... into the file .env beside the settings."
            self.source.add(path, f"needs the environment variable {name}, which is not set.", mend)
        return self.environ.get(name, found.group())

    def _secret(self, name: str, path: KeyPath) -> str:
        credentials = self.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(credentials, name) if credentials else None
        given = credential is not None and os.access(credential, os.R_OK)
        file = credential if credential and given else self.folder / name
        self.source.files.append(file)
        try:
            return read_secret(file, from_systemd=given)
        except UnfitFile as unfit:
            self.source.add(path, unfit.what, unfit.mend)
            return ""

    def _refuse_tag(self, path: KeyPath) -> None:
        self.source.add(path, "begins with ! and is read as a YAML tag.", 'Put the value in quotes: "!...".')


def _dotenv(path: Path, source: Source) -> dict[str, str]:
    """NAME=VALUE lines; `export`, quotes around the value, empty lines and # comments are fine."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        problem = SettingsProblem(".env", "cannot be read.", "Save it as UTF-8, readable by mailflow's user.")
        source.problems[(".env",)] = problem
        return {}
    if others_can_read(path):
        what = "can be read by other users of this machine, and is there for secrets."
        source.problems[(".env",)] = SettingsProblem(".env", what, f"Take it away from them: chmod 600 {path}")
    values = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or not _NAME.fullmatch(name.strip()):
            problem = SettingsProblem(".env", "has a line that is no NAME=VALUE.", "Mend or remove it.", number)
            source.problems[(".env", number)] = problem
            continue
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
