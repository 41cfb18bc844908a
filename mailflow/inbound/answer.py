"""The decision in an answer: the keyword that stands first, or nothing that could be a guess (process section 3).

Exact Latin and exact Russian letters count, in any case; mixtures, look-alikes and invisible characters never do. What
is doubtful (two keywords, a negation, a condition, a question) decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

from mailflow.approval.decision import (
    Approve,
    AskHelp,
    AskStatus,
    Command,
    Delegate,
    DuplicateOk,
    Paid,
    Postpone,
    Question,
    Reading,
    Reject,
    Unclear,
    Withdraw,
)
from mailflow.approval.wording import KEYWORDS, Keywords, Verb
from mailflow.inbound.message import InboundMessage
from mailflow.inbound.quoting import visible_text
from mailflow.inbound.submission_form import read_date

MAX_LINE = 300
MAX_REASON = 4000

_EDGES = " \t\u00a0\u202f*_\"'«»“”„‘’`[](){}<>|•·-–—.,:;!"
_LEADING = " \t\u00a0\u202f\ufeff*_\"'«»“”„‘’`[](){}<>|•·"
_SEPARATORS = " \t\u00a0*_\"'»”’`])}:;,.!-–—"
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good\s(?:morning|day|afternoon|evening)|greetings|добр(?:ый|ого|ое)\s(?:день|дня|утро|утра|вечер|вечера)"
    r"|здравствуйте|здравствуй|привет|приветствую|коллеги|уважаем(?:ый|ая|ые))\b[^:?]{0,60}$",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?<!\w)(?:not|n['’]t|don['’]?t|doesn['’]?t|can['’]?t|cannot|won['’]?t|isn['’]?t|never|no|nope|wait|hold|stop|cancel|"
    r"не|нет|ни|нельзя|никак|отмен\w{0,6}|стоп|подожд\w{0,6}|погод\w{0,4})(?!\w)|n['’]t(?!\w)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?<!\w)(?:if|unless|provided|providing|assuming|once|only|except|but|however|until|till|subject\sto|on\scondition|as\slong\sas|"
    r"as\ssoon\sas|pending|partially|partly|conditionally|with\sreservations?|с\sоговорк\w{1,4}|если|при\sусловии|при|услови\w{1,4}|"
    r"только|но|однако|кроме|после|когда|как\sтолько|пока|частично|условно|предварительно|до\sтех\sпор|в\sслучае|лишь)(?!\w)",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?:no|without|нет|без|никаких)\s(?:further\s|other\s|more\s)?(?:objections?|issues?|questions?|comments?|problems?|remarks?|concerns?"
    r"|changes?|замечани[йя]|возражени[йя]|вопросов|вопроса|претензий|комментари\w{1,3})"
    r"|(?:замечани[йя]|возражени[йя]|вопросов|претензий|комментариев)\s(?:нет|не\s(?:имею|имеется|возникло))"
    r"|не\s(?:возражаю|против)|no\sproblem|if\syou\s(?:have|need)\sany\squestions?|не\sзабуд\w{1,5}|при\sвстрече",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,100}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_NUMBER = re.compile(r"INV-\d{4}-\d{4,9}", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"^(?:best|kind|warm|many)?\s?(?:regards|wishes|thanks|thank\syou|cheers|sincerely|с\sуважением|спасибо|заранее\sспасибо)\b.{0,40}$",
    re.IGNORECASE,
)
_LOOK_ALIKES = str.maketrans("АВЕЅКМНОРСТУХавеѕкмнорстухІіЈјԌԛԝ", "ABESKMHOPCTYXabeskmhopctyxIiJjGqw")
_MONEY_VERBS = (Verb.APPROVE, Verb.PAID)


def read_answer(message: InboundMessage, keywords: Keywords = KEYWORDS, today: date = date.min) -> Reading:
    """What a mail decides, and the very line it was read from. `today` is for the date of a POSTPONE."""
    visible = visible_text(message)
    lines = _from_first_word(visible.text, keywords)
    line = lines[0][:MAX_LINE] if lines else ""
    command = _command(lines, keywords, today)
    doubt = next(iter(visible.doubts), None) or ("hidden_text" if _holds_keyword(visible.hidden, keywords) else None)
    if doubt and not isinstance(command, Unclear | AskHelp | AskStatus):
        command = Unclear(doubt)
    return Reading(command, line, visible.text)


def _from_first_word(text: str, keywords: Keywords) -> list[str]:
    """The lines from the first that says something; a greeting alone on its line is passed over."""
    lines = [line.strip() for line in text.split("\n")]
    while lines and (not lines[0].strip(_EDGES) or _is_greeting(lines[0], keywords)):
        lines.pop(0)
    return lines


def _is_greeting(line: str, keywords: Keywords) -> bool:
    return bool(_GREETING.match(line)) and not _holds_keyword(line, keywords)


def _command(lines: list[str], keywords: Keywords, today: date) -> Command:
    if not lines:
        return Unclear("empty")
    found = _leading_keyword(lines[0], keywords)
    if found is None:
        return Unclear(_why_none(lines[0], keywords))
    verb, rest = found
    return _read(verb, rest, [line for line in lines[1:] if line], keywords, today)


def _read(verb: Verb, rest: str, below: list[str], keywords: Keywords, today: date) -> Command:
    said = rest.strip(_SEPARATORS)
    if verb in _MONEY_VERBS:
        doubt = _doubt(rest, below, keywords, verb)
        if doubt:
            return Unclear(doubt)
        comment = "\n".join([said, *below]).strip()[:MAX_REASON]
        return Approve(comment) if verb is Verb.APPROVE else Paid(said[:MAX_LINE])
    if rest.lstrip(" \t*").startswith("?"):
        return Unclear("question")
    text = "\n".join([said, *below]).strip()[:MAX_REASON]
    match verb:
        case Verb.REJECT:
            return _reject(rest, said, below, keywords)
        case Verb.QUESTION:
            return Question(text)
        case Verb.DELEGATE:
            addresses = {a.strip(".").lower() for a in _ADDRESS.findall(said or next(iter(below), ""))}
            return Delegate(addresses.pop() if len(addresses) == 1 else None)
        case Verb.POSTPONE:
            return _postpone(said or next(iter(below), ""), today)
        case Verb.DUPLICATE_OK:
            return DuplicateOk(_without_sign_off(text))
        case Verb.WITHDRAW:
            return Unclear("negation") if _NEGATION.search(said) else Withdraw(_without_sign_off(text))
        case Verb.STATUS:
            number = _NUMBER.search(said)
            return AskStatus(number[0].upper() if number else None) if number or not said else Unclear("no_keyword")
        case Verb.HELP:
            return Unclear("no_keyword") if said else AskHelp()
        case _:
            raise AssertionError(verb)


def _reject(rest: str, said: str, below: list[str], keywords: Keywords) -> Command:
    """A rejection; a second keyword straight after the first, or a condition in place of a reason, is doubtful."""
    following = _leading_keyword(said, keywords) if said else None
    if following and following[0] in _MONEY_VERBS:
        return Unclear("both_keywords")
    marked = rest.lstrip(" \t*_\"'»”").startswith((":", "-", "–", "—", ".", ",", ";"))
    if said and not marked and _CONDITION.match(said):
        return Unclear("condition")
    opposite = next((k for line in below if (k := _leading_keyword(line, keywords))), None)
    if opposite and opposite[0] in _MONEY_VERBS:
        return Unclear("both_keywords")
    return Reject(_without_sign_off("\n".join([said, *below]).strip())[:MAX_REASON])


def _postpone(text: str, today: date) -> Command:
    if not text:
        return Postpone(None, "")
    day = read_date(text, today)
    if isinstance(day, date):
        return Postpone(day, text)
    return Postpone(date.min, text) if day == "past" else Postpone(None, text)


def _doubt(rest: str, below: list[str], keywords: Keywords, verb: Verb) -> str | None:
    """Why money must not move on this: whatever stands after the keyword, on its line or below."""
    said = "\n".join([rest, *below])
    if any(other is not verb for line in (rest, *below) for other in _all_keywords(line, keywords)):
        return "both_keywords"
    plain = _HARMLESS.sub(" ", said)
    if "?" in said:
        return "question"
    if _CONDITION.search(plain):
        return "condition"
    if _NEGATION.search(plain):
        return "negation"
    return None


def _why_none(line: str, keywords: Keywords) -> str:
    """What stands in the way of reading a line that does not begin with a keyword."""
    if _is_disguised(line, keywords):
        return "mixed_script"
    if _is_glued(line, keywords):
        return "glued"
    if not _holds_keyword(line, keywords):
        return "no_keyword"
    if _NEGATION.search(line):
        return "negation"
    if _CONDITION.search(line):
        return "condition"
    return "question" if "?" in line else "no_keyword"


def _words(keywords: Keywords) -> list[tuple[str, Verb]]:
    """Every keyword, the longest first, ё as е."""
    flat = ((_plain(w), verb) for verb, groups in keywords.items() for group in groups.values() for w in group)
    return sorted(flat, key=lambda pair: -len(pair[0]))


def _leading_keyword(line: str, keywords: Keywords) -> tuple[Verb, str] | None:
    """The keyword that a line begins with, and what stands after it."""
    start = re.sub(r"[ \t\u00a0\u202f]+", " ", line.lstrip(_LEADING))
    upper = _plain(start)
    for word, verb in _words(keywords):
        if upper.startswith(word) and (len(upper) == len(word) or not _continues_a_word(start[len(word)])):
            return verb, start[len(word) :]
    return None


def _all_keywords(line: str, keywords: Keywords) -> Iterator[Verb]:
    """The verbs of all decisive keywords that stand anywhere in a line as words of their own."""
    upper = _plain(line)
    for word, verb in _words(keywords):
        if verb in (Verb.APPROVE, Verb.REJECT) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", upper):
            yield verb
            upper = upper.replace(word, " ")


def _holds_keyword(text: str, keywords: Keywords) -> bool:
    upper = _plain(text[:2000])
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", upper)
        for word, verb in _words(keywords)
        if verb not in (Verb.HELP, Verb.STATUS, Verb.QUESTION)
    )


def _plain(text: str) -> str:
    """Upper case, letter by letter: only plain Latin and Russian letters change, so that no look-alike becomes one."""
    return "".join(c.upper() if c.isascii() or "а" <= c <= "я" else "Е" if c in "ёЁ" else c for c in text)


def _continues_a_word(character: str) -> bool:
    """Whether a keyword followed by this is no word of its own; invisible characters count as part of it."""
    return character.isalnum() or character in "_@" or unicodedata.category(character) in ("Cf", "Mn", "Me", "Co", "Cn")


def _is_glued(line: str, keywords: Keywords) -> bool:
    start = _plain(line.lstrip(_LEADING))
    return any(start.startswith(word) for word, _ in _words(keywords))


def _is_disguised(line: str, keywords: Keywords) -> bool:
    """Whether a line begins with something that only looks like a keyword."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", line) if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    latin = seen.lstrip(_LEADING).upper().translate(_LOOK_ALIKES)
    for word, _ in _words(keywords):
        as_latin = word.translate(_LOOK_ALIKES)
        if latin.startswith(as_latin) and not latin[len(as_latin) : len(as_latin) + 1].isalnum():
            return True
    return False


def _without_sign_off(text: str) -> str:
    """A reason without the 'Best regards' and the name below it."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if _SIGN_OFF.match(line.strip()) and (index or " " not in line.strip(_EDGES)):
            return "\n".join(lines[:index]).strip()
    return text
