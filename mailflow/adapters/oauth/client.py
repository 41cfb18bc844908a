"""Who asks for tokens, where, and for what: the addresses of the services that mailflow knows by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

MICROSOFT_DELEGATED = (
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
    "offline_access",
)
"""What a person lets mailflow do (Microsoft: authenticate an IMAP, POP or SMTP connection using OAuth)."""

MICROSOFT_OWN = ("https://outlook.office365.com/.default",)
"""All that the application itself has been given: IMAP.AccessAsApp and SMTP.SendAsApp."""

GOOGLE = ("https://mail.google.com/",)


@dataclass(frozen=True)
class OAuthClient:
    """One registered application at one authorization server.

    `redirect_host` is how this machine is called in a redirection (RFC 8252 section 7.3); `wishes` are further
    parameters of the authorization request. An empty address is one that the server does not have.
    """

    client_id: str
    token_url: str
    client_secret: str = field(default="", repr=False)
    device_url: str = ""
    authorization_url: str = ""
    scopes: tuple[str, ...] = ()
    redirect_host: str = "127.0.0.1"
    wishes: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None

    @property
    def server(self) -> str:
        """The name of the server, for people."""
        return urlsplit(self.token_url).netloc


def microsoft(client_id: str, client_secret: str, tenant: str, in_own_name: bool) -> OAuthClient:
    """An application registered in Microsoft Entra."""
    base = f"https://login.microsoftonline.com/{quote(tenant, safe='')}/oauth2/v2.0"
    return OAuthClient(
        client_id,
        f"{base}/token",
        client_secret,
        f"{base}/devicecode",
        f"{base}/authorize",
        MICROSOFT_OWN if in_own_name else MICROSOFT_DELEGATED,
        redirect_host="localhost",
    )


def google(client_id: str, client_secret: str) -> OAuthClient:
    """A desktop application of Google Cloud. Google's device flow does not give the scope of mail."""
    return OAuthClient(
        client_id,
        "https://oauth2.googleapis.com/token",
        client_secret,
        authorization_url="https://accounts.google.com/o/oauth2/v2/auth",
        scopes=GOOGLE,
        wishes={"access_type": "offline", "prompt": "consent"},
    )
