"""`sign-in`: somebody lets mailflow use the mailbox, and the servers are tried with that."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mailflow.adapters.oauth.sign_in import DeviceCode, by_browser, by_device
from mailflow.bootstrap import access_tokens_of
from mailflow.errors import ConfigurationError, SettingsProblem
from mailflow.settings import MailboxSettings


def sign_in(mailbox: MailboxSettings, said: Callable[[str], None]) -> None:
    """Signs in as the settings' flow does and keeps the tokens; `said` hears what somebody is to do.

    Raises ConfigurationError without OAuth in the settings, PermanentFailure where nobody signs in, ServerAway.
    """
    tokens = access_tokens_of(mailbox)
    if mailbox.oauth is None or tokens is None:
        mend = "`check` tries the passwords; for OAuth give `oauth: {provider: ..., flow: ..., client_id: ...}`."
        raise ConfigurationError("settings", [SettingsProblem("mailbox.oauth", "is not there.", mend)])
    if mailbox.oauth.flow == "client_credentials":
        tokens.after(tokens.current())  # a token that was kept would hide that the secret is wrong now
        return
    if mailbox.oauth.flow == "device":
        got = by_device(tokens.endpoint, lambda code: said(_enter(code)))
    else:
        got = by_browser(tokens.endpoint, lambda address: said(_open(address)), sys.stdin)
    tokens.keep(got)


def _enter(code: DeviceCode) -> str:
    return f"Open {code.address} in any browser and enter the code {code.code}\nWaiting..."


def _open(address: str) -> str:
    return (
        f"Open this address in a browser and sign in to the mailbox:\n\n{address}\n\n"
        "If the browser runs on another machine, its last page cannot be opened: copy that page's whole address, paste "
        "it here and press Enter.\nWaiting..."
    )
