"""Tokens in a file of their own, which nobody else can read and several processes may use."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mailflow.adapters.oauth.token_endpoint import Tokens
from mailflow.errors import ServerAway
from mailflow.secret_file import UnfitFile, read_secret


@dataclass(frozen=True)
class TokenFile:
    """The tokens of one application (`issued_to`, its client_id); those of another are not read."""

    path: Path
    issued_to: str

    def read(self) -> Tokens | None:
        """What was written last, None where there is nothing. Raises ServerAway where others can read it."""
        try:
            if not self.path.exists():
                return None
            kept = json.loads(read_secret(self.path))
            return Tokens(**kept["tokens"]) if kept["issued_to"] == self.issued_to else None
        except UnfitFile as unfit:
            raise ServerAway(f"The sign-in {unfit.what} {unfit.mend}") from None
        except OSError as error:
            raise ServerAway(
                f"The sign-in cannot be read from {self.path} ({error.strerror}). Let mailflow's user into its folder."
            ) from None
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, tokens: Tokens) -> None:
        """Puts these in the place of what was there: whole or not at all, on the disk when it returns."""
        text = json.dumps({"issued_to": self.issued_to, "tokens": asdict(tokens)})
        with self._able_to_write():
            handle, name = tempfile.mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits until no other process renews these tokens; the system ends it with the process."""
        with self._able_to_write():
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _able_to_write(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ServerAway(
                f"The sign-in cannot be kept in {self.path} ({error.strerror}). Name a file that mailflow's user can "
                "write, in a folder that is there, as mailbox.oauth.token_file."
            ) from None
