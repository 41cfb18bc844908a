"""Whether an automatic answer says that somebody is away (process section 2: the deputy is asked instead)."""

from __future__ import annotations

import re

from mailflow.inbound.automatic import is_apples_vacation
from mailflow.inbound.message import InboundMessage

_LONGEST = 5000
_WORDS = (
    "out of office", "out of the office", "ooo", "on leave", "on annual leave", "on sick leave", "on parental leave",
    "on maternity leave", "vacation", "on holiday*", "away from", "away until", "away till", "am away", "is away",
    "currently away", "be away", "am absent", "is absent", "travelling", "traveling", "unavailable", "absence",
    "not in the office", "be back", "return on", "returning on", "return to the office", "limited access to",
    "отпуск*", "отсутств*", "командировк*", "больничн*", "вернусь", "вне офиса", "не в офисе", "нет в офисе",
    "нет на месте", "нет на работе", "буду на работе", "буду в офисе", "буду доступ*", "недоступ*", "в отъезде",
    "відпуст*", "відсутн*", "abwesen*", "urlaub*", "nicht im büro", "nicht im haus", "nicht erreichbar", "außer haus",
    "wieder im büro", "wieder erreichbar", "congé*", "absent*", "hors du bureau", "de retour le", "vacaciones",
    "fuera de la oficina", "ausen*", "in ferie", "fuori ufficio", "fuori sede", "assente", "assenza", "férias",
    "ausênc*", "urlop*", "nieobecn*", "poza biurem", "afwezig*", "vakantie", "niet op kantoor", "på semester",
    "frånvar*", "fravær*", "på ferie", "lomalla", "poissa", "dovolen*", "izinde", "yıllık izin",
)  # fmt: skip
_AWAY = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)".replace(" ", r"\s").replace("*", r"\w{0,12}"), re.IGNORECASE)


def is_absence(message: InboundMessage, visible: str) -> bool:
    """Whether an automatic answer tells of an absence; one that only acknowledges receipt does not.

    `visible` is its own text, without what it quotes.
    """
    if message.report or message.calendars:
        return False
    return is_apples_vacation(message) or bool(_AWAY.search(f"{message.subject}\n{visible[:_LONGEST]}"))
