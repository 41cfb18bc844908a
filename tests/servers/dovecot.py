"""A real Dovecot of its own: a temporary folder, ports on 127.0.0.1, nothing read from /etc, ended by its pid.

    with Dovecot(certificates.good) as dovecot:
        dovecot.deliver("finance", raw)

Any user name signs in with PASSWORD or OTHER_PASSWORD, and has a mailbox of its own.
"""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from imap_tools import MailBoxUnencrypted

from .certificates import Certificate

HOST = "127.0.0.1"
PASSWORD = 'cor"rect\\horse%battery'
OTHER_PASSWORD = "пароль-из-кириллицы"

_SECONDS_TO_START = 15
_CONFIGURATION = """\
instance_name = {instance}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
auth_username_chars =
auth_failure_delay = 0
auth_cache_size = 0
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
{oauth}
passdb {{
  driver = passwd-file
  deny = yes
  args = scheme=PLAIN {folder}/denied
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=any {folder}/passwords
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=any {folder}/other-passwords
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
protocol imap {{
  {capability}
  mail_max_userip_connections = 100
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
"""

_OAUTH = """\
auth_mechanisms = {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth.conf
}}
"""
_INTROSPECTION = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


def require_dovecot() -> str:
    """The program's path. Without Dovecot 2.3 the test is skipped, and fails where the environment says CI=true."""
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
    if program is None:
        reason = "Dovecot is not installed (Debian, Ubuntu: apt install dovecot-imapd)"
    else:
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if version.startswith("2.3."):
            return program
        reason = f"this test's configuration is for Dovecot 2.3, not {version.split()[0]}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Dovecot:
    """One Dovecot. `capability` is what it says that it can do after the sign-in, where that is not the truth.

    With `introspection_url` (RFC 7662) it takes access tokens too, by the `mechanisms`.
    """

    def __init__(
        self,
        certificate: Certificate,
        capability: str | None = None,
        introspection_url: str = "",
        mechanisms: str = "plain xoauth2 oauthbearer",
    ) -> None:
        self._introspection_url, self._mechanisms = introspection_url, mechanisms
        self._program = require_dovecot()
        self._certificate = certificate
        self._capability = capability
        self._process: subprocess.Popen[bytes] | None = None
        self.imap_port, self.imaps_port = _free_ports(2)

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="mailflow-dovecot-"))
        self._write()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it, with the mail that there was; returns when it answers."""
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", self._folder / "dovecot.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                log = self._folder / "log"
                self.kill()
                pytest.fail(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to every process of it at once, as a power cut would do."""
        if self._process:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Ends it in an orderly way, and with it whoever is signed in."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_SECONDS_TO_START)
            with suppress(ProcessLookupError):
                self._signal(signal.SIGKILL)
            self._process = None

    def deny(self, *users: str) -> None:
        """Only these users cannot sign in any more; without any everybody can."""
        self._write_denied(users)
        time.sleep(1.1)  # it looks at the file's time once in a second

    def _write_denied(self, users: Iterable[str]) -> None:
        file = self._folder / "denied"
        before = file.stat().st_mtime if file.exists() else 0.0
        file.write_text("".join(f"{user}:\n" for user in users), "utf-8")
        later = max(time.time(), before + 1)
        os.utime(file, (later, later))

    def freeze(self) -> None:
        """Connections stay open and nothing answers any more: what a dead line looks like."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Ends a freeze."""
        self._signal(signal.SIGCONT)

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX", arrives: datetime | None = None) -> None:
        """Puts a mail into a folder that exists, as a mail server's delivery does; the bytes stay as they are.

        `arrives` is its INTERNALDATE, where that is not now.
        """
        self.deliver_parts(user, [raw], folder, arrives)

    def deliver_parts(
        self, user: str, parts: Iterable[bytes], folder: str = "INBOX", arrives: datetime | None = None
    ) -> None:
        """The same with a mail that is too large to be held in memory: written part by part."""
        maildir = self._maildir(user, folder)
        name = f"{time.time_ns():020d}.{uuid.uuid4().hex}"
        if not (maildir / "tmp").exists():  # the last of its folders that is made, maybe by another client just now
            self.client(user).logout()
        file = maildir / "tmp" / name
        with file.open("wb") as mail:
            mail.writelines(parts)
        if arrives:
            os.utime(file, (arrives.timestamp(), arrives.timestamp()))
        shutil.chown(file, self._mail_user.pw_uid, self._mail_user.pw_gid)
        file.rename(maildir / "new" / name)

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails that lie in a folder, as they were delivered."""
        maildir = self._maildir(user, folder)
        return [file.read_bytes() for part in ("cur", "new") for file in (maildir / part).glob("*")]

    def furnish(self, user: str, folders: Iterable[str], uidvalidity: int) -> None:
        """Makes a user's empty folders, without a sign-in."""
        for folder in folders:
            maildir = self._maildir(user, folder)
            for part in ("", "cur", "new", "tmp"):
                (maildir / part).mkdir(parents=True, exist_ok=True)
                shutil.chown(maildir / part, self._mail_user.pw_uid, self._mail_user.pw_gid)
            (maildir / "dovecot-uidlist").write_text(f"3 V{uidvalidity} N1 G{uuid.uuid4().hex}\n")
            shutil.chown(maildir / "dovecot-uidlist", self._mail_user.pw_uid, self._mail_user.pw_gid)

    def client(self, user: str, folder: str = "INBOX") -> MailBoxUnencrypted:
        """Another mail client of the same user."""
        return MailBoxUnencrypted(HOST, self.imap_port, timeout=10).login_utf8(user, PASSWORD, folder)

    def renumber(self, user: str) -> None:
        """What a restored backup does: the same mail, another UIDVALIDITY, other UIDs. No client may be signed in."""
        maildir = self._maildir(user, "INBOX")
        for index in (maildir / "dovecot-uidlist", *maildir.glob("dovecot.index*")):
            index.unlink(missing_ok=True)
        uidvalidity = maildir / "dovecot-uidvalidity"
        for counter in maildir.glob("dovecot-uidvalidity.*"):
            counter.unlink()
        uidvalidity.unlink(missing_ok=True)
        time.sleep(1.1)  # a new one is made from the clock's seconds

    def back_up(self, user: str, copy: Path) -> None:
        """Copies all files of a user's mail, as a back-up of the server's disk does."""
        shutil.copytree(self._maildir(user, "INBOX"), copy)

    def restore(self, user: str, copy: Path) -> None:
        """Puts such a copy in the mail's place while the server is down, and starts it again."""
        self.kill()
        mail = self._maildir(user, "INBOX")
        shutil.rmtree(mail)
        shutil.copytree(copy, mail)
        for file in (mail, *mail.rglob("*")):
            shutil.chown(file, self._mail_user.pw_uid, self._mail_user.pw_gid)
        self.start()

    def _maildir(self, user: str, folder: str) -> Path:
        inbox = self._folder / "mail" / user
        return inbox if folder == "INBOX" else inbox / f".{folder}"

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.imap_port), 1) as connection:
                connection.settimeout(1)
                return connection.recv(100).startswith(b"* OK")
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def _write(self) -> None:
        folder = self._folder
        me, root = getpass.getuser(), os.geteuid() == 0
        self._mail_user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        folder.chmod(0o755)
        for name in ("run", "state", "mail", "home"):
            (folder / name).mkdir()
        for name in ("mail", "home"):
            shutil.chown(folder / name, self._mail_user.pw_uid, self._mail_user.pw_gid)
        (folder / "passwords").write_text(f"any:{PASSWORD}\n", "utf-8")
        self._write_denied([])
        (folder / "other-passwords").write_text(f"any:{OTHER_PASSWORD}\n", "utf-8")
        (folder / "oauth.conf").write_text(_INTROSPECTION.format(url=self._introspection_url), "utf-8")
        oauth = _OAUTH.format(folder=folder, mechanisms=self._mechanisms) if self._introspection_url else ""
        (folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                instance=folder.name,
                folder=folder,
                internal_user="dovecot" if root else me,
                internal_group="dovecot" if root else grp.getgrgid(os.getegid()).gr_name,
                login_user="dovenull" if root else me,
                mail_uid=self._mail_user.pw_uid,
                mail_gid=self._mail_user.pw_gid,
                chain=self._certificate.chain,
                key=self._certificate.key,
                capability=f"imap_capability = {self._capability}" if self._capability else "",
                oauth=oauth,
                imap_port=self.imap_port,
                imaps_port=self.imaps_port,
            ),
            "utf-8",
        )


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
