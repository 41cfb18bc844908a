"""`sign-in`: somebody lets mailflow use the mailbox, and the servers are tried with that."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mailflow.adapters.oauth.sign_in import by_browser, by_device
from mailflow.bootstrap import access_tokens_of
from mailflow.errors import ConfigurationError, SettingsProblem
from mailflow.settings import MailboxSettings


def sign_in(mailbox: MailboxSettings, said: Callable[[str], None], language: str = "en") -> None:
    """Signs in as the settings' flow does and keeps the tokens; `said` hears what somebody is to do.

    Raises ConfigurationError without OAuth in the settings, PermanentFailure where nobody signs in, ServerAway.
    """
    tokens, words = access_tokens_of(mailbox), _SAID[language]
    if mailbox.oauth is None or tokens is None:
        mend = "`check` tries the passwords; for OAuth give `oauth: {provider: ..., flow: ..., client_id: ...}`."
        raise ConfigurationError("settings", [SettingsProblem("mailbox.oauth", "is not there.", mend)])
    tokens.require_place()
    if mailbox.oauth.flow == "client_credentials":
        tokens.after(tokens.current())  # a token that was kept would hide that the secret is wrong now
        return
    if mailbox.oauth.flow == "device":
        got = by_device(tokens.endpoint, lambda code: said(words["enter"].format(address=code.address, code=code.code)))
    else:
        got = by_browser(tokens.endpoint, lambda address: said(words["open"].format(address=address)), sys.stdin)
    tokens.keep(got)
    if not got.refresh_token:
        said(words["ends"])


_SAID = {
    "en": {
        "enter": "Open {address} in any browser and enter the code {code}\nWaiting...",
        "open": "Open this address in a browser and sign in to the mailbox:\n\n{address}\n\nIf the browser runs on"
        " another machine, its last page cannot be opened: copy that page's whole address, paste it here and press"
        " Enter.\nWaiting...",
        "ends": "The server gave nothing to renew this sign-in by, so it ends soon. Scopes may lack offline_access.",
    },
    "ru": {
        "enter": "Откройте {address} в любом браузере и введите код {code}\nЖду...",
        "open": "Откройте этот адрес в браузере и войдите в ящик:\n\n{address}\n\nЕсли браузер на другой машине,"
        " последняя страница не откроется: скопируйте весь её адрес, вставьте сюда и нажмите Enter.\nЖду...",
        "ends": "Сервер не дал, чем продлить вход, и скоро он кончится. Возможно, в scopes нет offline_access.",
    },
}
