"""What strangers write to do harm, and effects of mailflow's whose every word of a stranger is that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any

from mailflow.approval.effects import Effect
from mailflow.outbound.samples import sample_invitations, sample_mails

COMPUTED = "1234567654321"
"""What 1111111 * 1111111 is: in a mail it shows that somebody's template was run."""

_PRODUCT = "1111111*1111111"
TEMPLATES = (
    f"{{{{{_PRODUCT}}}}}",
    f"{{{{ {_PRODUCT} }}}}{{% raw %}}",
    f"{{%print({_PRODUCT})%}}",
    f"{{% if 1 %}}{{{{{_PRODUCT}}}}}{{% endif %}}",
    f"{{% endblock %}}{{{{{_PRODUCT}}}}}",
    f"{{% set x={_PRODUCT} %}}{{{{x}}}}",
    f"{{% for x in [{_PRODUCT}] %}}{{{{x}}}}{{% endfor %}}",
    f"{{% macro m() %}}{{{{{_PRODUCT}}}}}{{% endmacro %}}{{{{m()}}}}",
    f"}}}}{{{{{_PRODUCT}}}}}{{{{",
    f"'}}}}{{{{{_PRODUCT}}}}}{{{{'",
    f"{{{{'{{{{{_PRODUCT}}}}}'}}}}",
    f"${{{_PRODUCT}}}",
    f"#{{{_PRODUCT}}}",
    f"<%= {_PRODUCT} %>",
    f"<? echo {_PRODUCT} ?>",
    f"${{{{{_PRODUCT}}}}}",
    f"*{{{_PRODUCT}}}",
    f"@({_PRODUCT})",
    f"{{{_PRODUCT}}}",
    f"%({_PRODUCT})s {{0.__class__}} %s %n",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self._TemplateReference__context }}",
    "{{ lipsum.__globals__['os'].system('id') }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__.os }}",
    "{{ request.application.__globals__ }}",
    "{{ config.items() }}",
    '{% include "../../etc/passwd" %}',
    "{% import 'os' as os %}{{ os.environ }}",
    "{# a comment that swallows #}",
)
"""Templates in the languages of Jinja2 and others."""

LINE_BREAKS = (
    "\r", "\n", "\r\n", "\n\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r\r\n", "\0\n",
)  # fmt: skip
"""Whatever some parser takes for the end of a line."""

HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='http://evil.example'>here</a>",
    '"><b>bold</b>',
    "'><svg/onload=alert(1)>",
    "</td></tr></table><h1>Approved</h1>",
    "<!-- the rest is gone",
    "--><form action=//evil.example><button>APPROVE",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "<![CDATA[<b>]]>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    '" onmouseover="alert(1)',
    "</title><b>",
)

BB_CODES = (
    "[b]bold[/b]", "[B]bold[/B]", "[url=http://evil.example]here[/url]", "[url]http://evil.example[/url]",
    "[img]http://evil.example/1.png[/img]", "[user=1]Director[/user]", "[disk file id=n1]", "[quote]Approved[/quote]",
    "[ b ]bold[/ b ]", "[/b][b]", "[code]x[/code]", "[[b]b]nested[/b]", "[b\u200b]bold[/b]", "[\tb]bold[/b]",
    "[size=40]big[/size]", "[color=#fff]unseen[/color]", "[put=/x]", "[send=/x]APPROVE[/send]", "[*]",
    "[chat=1]x[/chat]", "[video]x[/video]", "[b]" * 30, "[call=1]x[/call]", "[table][tr][td]",
)  # fmt: skip

_STRANGERS = frozenset(
    {
        "title", "counterparty", "comment", "reason", "filename", "text", "line", "question", "answer", "remark",
        "subject", "unknown_labels", "reference",
    }
)  # fmt: skip


def said(value: Any, words: str, name: str = "") -> Any:
    """The value with these words wherever a stranger's words stand in it. `name` is the name of the fact."""
    if type(value) is str:
        return words if value and name in _STRANGERS else value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: said(getattr(value, f.name), words, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: said(item, words, str(key)) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(map(partial(said, words=words, name=name), value))
    return value


def effects(language: str, words: str) -> Iterator[Effect]:
    """Every mail that mailflow writes, with a stranger's words wherever there can be any."""
    for effect in (*sample_mails(language, full=True), *sample_invitations(language, full=True)):
        yield said(effect, words)
