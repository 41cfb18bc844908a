"""How programs that answer mail word their subjects and texts. Data only; every pattern is bounded.

The patterns for texts meet the visible text on one line, single-spaced.
"""

from __future__ import annotations

import re

PREFIX = re.compile(
    r"[\[(]?(?:auto(?:matic|mated)?[\s:-]{0,3}(?:reply|response|respons|answer)|out[\s-]of[\s-](?:the[\s-])?office"
    r"|vacation\s(?:reply|notice)|автоответ|автоматический\sответ|ответ\sавтоответчика|вне\sофиса|нет\sна\sработе"
    r"|нет\sна\sрабочем\sместе|отсутствие\sна\sработе|отсутствую\sна\sработе|уведомление\sоб\sотсутствии"
    r"|automatische\s(?:antwort|abwesenheit)|abwesenheits|réponse\s(?:automatique|d.absence)|absen(?:ce|te?)\sdu\sbureau"
    r"|respuesta\sautomática|fuera\sde\sla\soficina|risposta\sautomatica|fuori\ssede|resposta\sautomática"
    r"|automatisch(?:e)?\santwoord|afwezig|autosvar|automatiskt?\ssvar|automaattinen\svastaus|automatyczna\sodpowied"
    r"|odpowiedź\sautomatyczna|automatická\sodpověď|automatikus\sválasz|otomatik\syanıt|автоматична\sвідповідь"
    r"|auto:\s.{1,100}\s(?:is\sout\sof\s|ist\saußer\s|est\sabsent|отсутствует)|[aā]rpus\sbiroja|autom[aā]tisk[aā]\satbilde|自動応答|自动答复|자동\s회신)",
    re.IGNORECASE,
)
IN_SUBJECT = re.compile(
    r"out\sof\s(?:the\s)?office|automatic\s(?:reply|response)|auto-?(?:reply|response)|on\s(?:annual\s)?(?:leave|vacation)"
    r"|\baway\b|автоответ|в\sотпуске|отсутств|abwesen|außer\shaus|absence|ausente|assente",
    re.IGNORECASE,
)
SAYS_SO = re.compile(
    r"this\sis\san?\s(?:automat\w{1,8}|auto-?(?:generated|reply|response))|(?:do\snot|don.t)\sreply\sto\sthis"
    r"|(?:это|данное)\s(?:письмо|сообщение|уведомление)\s(?:(?:было\s)?(?:создано|сформировано|отправлено|сгенерировано)\s)?"
    r"автоматически|(?:это|данное)\sавтоматическ|(?:письмо|сообщение|ответ|уведомление)\s(?:было\s)?"
    r"(?:создано?|сформирован[оа]?|отправлено?|сгенерировано?)\sавтоматически|не\sотвечайте\sна\s(?:это|данное)"
    r"|(?:dies|hierbei\shandelt\ses\ssich)\s(?:ist|um)\seine\sautomati|(?:diese|die)\s(?:e-?mail|nachricht)\swurde\sautomatisch"
    r"|ceci\sest\sun\w?\s(?:réponse|message)\sautomatique|message\s(?:a\sété\s)?généré\sautomatiquement"
    r"|este\ses\sun\w?\s(?:mensaje|respuesta)\sautomátic",
    re.IGNORECASE,
)
ACKNOWLEDGES = re.compile(
    r"(?:ticket|case|request|enquiry|inquiry|e-?mail|message|anfrage|nachricht|demande|solicitud)\b.{0,80}?"
    r"(?:has\sbeen|have|was|wurde|ist|a\s(?:bien\s)?été|ha\ssido)\b.{0,20}?"
    r"(?:received|registered|created|opened|assigned|eingegangen|erstellt|erfasst|reçue?|enregistrée?|recibid)"
    r"|(?:we|wir)\s(?:have\s|haben\s)?(?:received|ihre)\b.{0,40}(?:request|message|e-?mail|anfrage|nachricht)"
    r"|(?:обращени|заявк|запрос|тикет|письм|сообщени)\w{0,4}\s.{0,60}?(?:получен|принят|зарегистрирован|создан)"
    r"|(?:зарегистрирован|создан|принят|получен)\w{0,2}\s.{0,20}?(?:обращени|заявк|запрос|тикет)",
    re.IGNORECASE,
)
RECEIPT_SUBJECT = re.compile(
    r"(?:(?:not\s)?read|(?:не\s)?прочтено|(?:не\s)?прочитано|прочитане|(?:un|nicht\s)?gelesen|(?:non\s)?lu|(?:no\s)?leído"
    r"|(?:non\s)?letto|(?:niet\s)?gelezen|lido|(?:przeczyta|odczyta)n[oey])\s?:",
    re.IGNORECASE,
)
RECEIPT_TEXT = re.compile(
    r"(?:was|were|has\sbeen)\s(?:read|displayed|opened|deleted\swithout)\b|(?:было\s)?(?:прочтено|прочитано|просмотрено|открыто)"
    r"\s.{0,60}\d|удалено\s(?:без\sпрочтения|непрочитанным)|не\sпрочитав|wurde\s.{0,80}(?:gelesen|angezeigt|geöffnet|gelöscht)"
    r"|a\sété\s(?:lu|affiché|ouvert|supprimé)|se\s(?:leyó|ha\sleído|eliminó)|è\sstato\s(?:letto|eliminato)"
    r"|(?:is|werd)\s(?:gelezen|verwijderd)|foi\s(?:lida?|excluíd)|został[ao]?\s(?:odczyta|przeczyta|usunięt)",
    re.IGNORECASE,
)
RECALL_SUBJECT = re.compile(
    r"(?:recall|отзыв(?:\sсообщения)?|rückruf|zurückrufen|rappel(?:er)?|recuperar|richiamo|intrekken)\s?:",
    re.IGNORECASE,
)
RECALL_TEXT = re.compile(
    r"would\slike\sto\srecall\s(?:the|this|a)\smessage|(?:хочет|хотела?|хотел\(а\))\s(?:бы\s)?отозвать\sсообщение"
    r"|möchte\sdie\snachricht\s.{0,300}zurückrufen|(?:souhaite|souhaiterait|aimerait|voudrait)\srappeler\sle\smessage",
    re.IGNORECASE,
)
CHALLENGES = re.compile(
    r"(?:have|get)\syour\s(?:e-?mail\s)?address\s(?:added|approved)|account\sis\sprotected\sby|approved\ssenders"
    r"|add\s(?:yourself|your\saddress)\sto\s(?:my|the|our|his|her|this)\b.{0,40}(?:list|senders)"
    r"|(?:verify|confirm|prove)\s(?:that\s)?you(?:\sare|.re)\s(?:not\s)?(?:an?\s)?(?:real\s)?(?:human|person|robot|spammer)"
    r"|only\s(?:allow|accept)s?\s.{0,40}from\s(?:senders|people|known|approved)"
    r"|(?:held|holding|waiting|pending|quarantined?)\b.{0,60}until\syou\s(?:verify|confirm|click|reply|respond)"
    r"|to\s(?:deliver|release|ensure\s(?:the\s)?delivery\sof)\s(?:your|this)\s(?:e-?mail|message)"
    r"|подтвердите,?\sчто\sвы\s(?:не\s(?:робот|спамер)|человек|живой)|(?:чтобы|для\sтого,?\sчтобы)\sваше\s(?:письмо|сообщение)"
    r"\s(?:было\s)?(?:доставлено|доставили|дошло)",
    re.IGNORECASE,
)
ASKS_TO_ACT = re.compile(
    r"(?:click|follow|visit|press|fill\sout)\b.{0,80}(?:link|button|url|here|form|https?:)|(?:just|simply)\sreply\sto\sthis"
    r"|(?:нажмите|перейдите|пройдите|щ[её]лкните)\b.{0,80}(?:ссылк|кнопк|сюда|здесь|https?:)|ответьте\sна\sэто\sписьмо",
    re.IGNORECASE,
)
