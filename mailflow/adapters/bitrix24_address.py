"""The address of an incoming webhook, which is a password, and where the portal has moved to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

_PATH = re.compile(r"/rest/(?P<user>[1-9][0-9]{0,17})/(?P<code>[A-Za-z0-9_-]+)(/[A-Za-z0-9_.]*)?/?")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_CLOUD = re.compile(r"[a-z0-9-]+\.bitrix24\.[a-z]{2,5}(\.[a-z]{2})?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a portal (RFC 6454): all of its address that may be shown."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """Host, and port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str) -> str:
        """The address of a path there."""
        return f"{self.scheme}://{self.place}{path}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def safe(self) -> bool:
        """Whether a secret may be sent there: by TLS, or without leaving this machine."""
        return self.scheme == "https" or self.loopback


@dataclass(frozen=True)
class Webhook:
    """An incoming webhook: where the portal is, whose webhook it is, and the secret."""

    origin: Origin
    user_id: int
    code: str = field(repr=False)

    def path(self, method: str, v3: bool) -> str:
        """The secret path of a method (Bitrix24 REST, how to call; for `v3` REST 3.0)."""
        return f"/rest/{'api/' if v3 else ''}{self.user_id}/{self.code}/{method}"

    def conceal(self, text: str) -> str:
        """The text without the secret, should somebody have repeated it."""
        return re.sub(re.escape(self.code), "...", text, flags=re.IGNORECASE)


def read_webhook(address: str) -> Webhook | str:
    """The webhook of an address, with or without a method at its end; or why it is none.

    Nothing is raised, so that no traceback can show the address.
    """
    try:
        (address,) = address.split()
        parts = urlsplit(address)
        origin = _origin(parts)
        path = _PATH.fullmatch(parts.path)
    except ValueError:
        return "is not an address."
    if isinstance(origin, str):
        return origin
    if not path or parts.query or parts.fragment:
        return "is not the address of an incoming webhook."
    if not origin.safe:
        return f"would send the webhook's secret to {origin.host} for everybody to read."
    return Webhook(origin, int(path["user"]), path["code"])


def moved_to(webhook: Webhook, origin: Origin, method: str, v3: bool, location: str) -> Origin | str:
    """Where a redirect leads: to the same path on a host as safe and of the same owner; or why it is not followed.

    A portal that is renamed redirects (302) from its old name to its new one. Nowhere else does the secret go.
    """
    if not location:
        return "to nowhere"
    path = webhook.path(method, v3)
    try:
        parts = urlsplit(urljoin(origin.url(path), location))
        new = _origin(parts)
    except ValueError:
        return "to what is not an address"
    if isinstance(new, str) or (new.host != origin.host and webhook.conceal(new.host) != new.host):
        return "to what is not an address"
    if parts.path.rstrip("/") != path or parts.query:
        return "to another page"
    if not new.safe or (new.scheme == "http" and origin.scheme == "https"):
        return "to a host without TLS"
    if not _are_of_one_owner(origin, new):
        return f"to {new.host}, which is another's"
    return new


def _are_of_one_owner(one: Origin, other: Origin) -> bool:
    """Whether both are portals of the cloud, or names below the same domain, or this machine."""
    if one.loopback or other.loopback:
        return one.loopback and other.loopback
    if _CLOUD.fullmatch(one.host) or _CLOUD.fullmatch(other.host):
        return bool(_CLOUD.fullmatch(one.host) and _CLOUD.fullmatch(other.host))
    above, above_other = one.host.partition(".")[2], other.host.partition(".")[2]
    is_name = not one.host.replace(".", "").isdigit() and ":" not in one.host
    return one.host == other.host or (is_name and above == above_other and "." in above)


def _origin(parts: SplitResult) -> Origin | str:
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        return "does not begin with https:// and the portal's host."
    try:
        host = str(ipaddress.ip_address(host))
    except ValueError:
        host = host.encode("idna").decode("ascii").lower()
        if not _HOST.fullmatch(host):
            return "has no valid host name."
    return Origin(parts.scheme, host, _PORTS[parts.scheme] if parts.port is None else parts.port)
