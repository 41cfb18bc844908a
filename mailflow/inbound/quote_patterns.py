"""How mail programs introduce what they quote, sign what people write, and say who they are. Data only.

Every pattern is matched against one line of bounded length, or two or three wrapped lines joined; none can backtrack
far. Words are listed by what they mean, in the languages that were met.
"""

from __future__ import annotations

import re

_WROTE = (
    r"wrote|writes|написал(?:а|\(а\)|о)?|пишет|писал(?:а|\(а\))?|schrieb|a\s[ée]crit|escribi[óo]|ha\sscritto|escreveu"
    r"|schreef|skrev|napisa[łl](?:\(a\))?|kirjoitti|írta|napsal\(?a?\)?|a\sscris|написа|yazd[ıi]|geschreven|va\sescriure"
    r"|写道|寫道|のメール|さんは書きました|작성"
)
_ON = (
    r"on|am|le|el|il|em|op|den|dnia|w\sdniu|в|от|dne|a|på|ma|вт|ср|чт|пт|сб|вс|пн|mon|tue|wed|thu|fri|sat|sun|"
    r"понедельник|вторник|среда|четверг|пятница|суббота|воскресенье"
)

ATTRIBUTION = re.compile(
    rf"^[\s>*]{{0,10}}(?:"
    rf"(?:{_ON})\b.{{3,300}}(?:{_WROTE})\s{{0,3}}:?\s{{0,3}}$"
    rf"|.{{0,200}}\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}.{{0,200}}(?:{_WROTE})\s{{0,3}}:\s{{0,3}}$"
    rf"|.{{0,200}}\d{{1,2}}[:.]\d\d.{{0,200}}(?:{_WROTE})\s{{0,3}}:\s{{0,3}}$"
    rf"|.{{0,200}}<[^<>\s]{{3,200}}@[^<>\s]{{3,200}}>.{{0,60}}(?:{_WROTE})\s{{0,3}}:\s{{0,3}}$"
    rf"|(?:{_WROTE})\s.{{0,200}}<[^<>\s]{{3,200}}@[^<>\s]{{3,200}}>\s{{0,3}}:?\s{{0,3}}$"
    rf"|.{{0,120}}\d{{1,2}}[:.]\d\d.{{0,120}}<[^<>\s]{{3,200}}@[^<>\s]{{3,200}}>\s{{0,3}}:\s{{0,3}}$"
    rf"|\d{{4}}-\d\d-\d\d\s\d{{1,2}}[:.]\d\d.{{0,80}}<[^<>\s]{{3,200}}@[^<>\s]{{3,200}}>\s{{0,3}}:?\s{{0,3}}$"
    rf"|.{{1,100}}\s(?:{_WROTE})\s.{{0,60}}\d{{4}}.{{0,40}}:\s{{0,3}}$"
    rf"|[-=]{{2,10}}\s(?:{_ON})\b.{{3,300}}(?:{_WROTE})\s{{0,3}}:?\s{{0,3}}[-=]{{2,10}}$"
    rf")",
    re.IGNORECASE,
)
"""'On <date>, <name> wrote:' and its kin, on one line or on wrapped lines joined by a space."""

ATTRIBUTION_END = re.compile(
    rf"(?:{_WROTE})\s{{0,3}}:?\s{{0,3}}$|@[^<>\s]{{3,200}}>\s{{0,3}}:?\s{{0,3}}$", re.IGNORECASE
)
ATTRIBUTION_START = re.compile(
    rf"^[\s>*]{{0,10}}(?:(?:{_ON})\b|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|\d{{4}}-\d\d|.{{0,60}}\d{{4}}.{{0,20}}\d{{1,2}}[:.]\d\d)",
    re.IGNORECASE,
)

SEPARATOR = re.compile(
    r"^[\s>]{0,10}(?:"
    r"[-_*=—–]{2,40}\s{0,3}(?:original\s(?:message|appointment)|(?:begin\s)?forwarded\smessage|исходное\sсообщение|"
    r"пересылаемое\sсообщение|перенаправленное\sсообщение|пересланное\sсообщение|оригинальное\sсообщение|"
    r"urspr[üu]ngliche\snachricht|weitergeleitete\snachricht|message\s(?:d'origine|original|transf[ée]r[ée])|mensaje\soriginal|"
    r"messaggio\soriginale|mensagem\soriginal|oorspronkelijk\sbericht|oprindelig\smeddelelse|originalmeddelande|"
    r"wiadomo[śs][ćc]\soryginalna|reply\smessage|reply\sabove\sthis\sline|конец\s(?:исходного|пересылаемого)\sсообщения)"
    r"[^\n]{0,40}"
    r"|(?:begin\sforwarded\smessage|начало\sпереадресованного\sсообщения|начало\sпересылаемого\sсообщения):?\s{0,3}"
    r"|[_]{20,200}\s{0,3}"
    r")$",
    re.IGNORECASE,
)
"""'-----Original Message-----' and its kin, and Outlook's line of underscores."""

_FROM = (
    r"from|von|de|van|da|fra|från|od|от|от\sкого|отправитель|lähettäjä|feladó|gönderen|expediteur|exp[ée]diteur|remitente|mittente"
    r"|发件人|差出人|寄件者|보낸\s사람"
)
_SENT = (
    r"sent|date|gesendet|datum|envoy[ée](?:\sle)?|enviado(?:\sel|\sem)?|fecha|data|inviato|verzonden|sendt|skickat|dato|отправлено|дата|"
    r"послано|wysłano|odesláno|to|an|à|para|a|aan|til|till|кому|do|cc|kopie|копия|subject|betreff|objet|asunto|oggetto|assunto|onderwerp"
    r"|message\sdu|copie\sà|sujet|kopia|konu|tárgy|emne|ämne|тема|temat|předmět|发送时间|收件人|主题|送信日時|宛先|件名|when|когда|время"
)
HEADER_FROM = re.compile(rf"^[\s>*]{{0,10}}(?:{_FROM})\s{{0,3}}[:：]\*?.{{0,300}}$", re.IGNORECASE)
HEADER_FIELD = re.compile(rf"^[\s>*]{{0,10}}(?:{_FROM}|{_SENT})\s{{0,3}}[:：]\*?.{{0,300}}$", re.IGNORECASE)
"""Outlook's block of From, Sent, To, Subject before what it quotes without a prefix."""

SIGNATURE = re.compile(r"^(?:--|—|––)\s{0,3}$|^-- \s{0,10}.{0,80}$|^_{3,19}\s{0,3}$|^-{3,60}\s{0,3}$")
"""The delimiter of a signature (RFC 3676 section 4.3), and what people type for it."""

MOBILE_FOOTER = re.compile(
    r"^\W{0,5}(?:"
    r"sent\s(?:from|via|with|using|by)\s(?!you|the\soffice).{2,60}|get\soutlook\sfor.{2,60}|sent\sfrom\smy.{2,60}"
    r"|отправлено\s(?:с|из|от|через)\s.{2,60}|отправлено\sиз.{2,60}|скачать\soutlook.{2,40}"
    r"|(?:von\smeinem.{2,40}\s)?gesendet(?:\s(?:von|mit|von\smeinem).{2,60})?|diese\snachricht\swurde\svon.{2,80}gesendet.{0,20}"
    r"|envoy[ée]\s(?:de|depuis|à\spartir).{2,60}|enviado\s(?:desde|do|de).{2,60}|inviato\sda.{2,60}|verzonden\svan(?:af|uit).{2,60}"
    r"|verstuurd\svan.{2,60}|sendt\sfra.{2,60}|skickat\sfrån.{2,60}|wysłane\sz.{2,60}|lähetetty.{2,60}|получить\soutlook.{2,40}"
    r"|(?:download|get|try)\s(?:the\s)?(?:mail\.ru|yahoo|gmail).{0,40}|yahoo\smail:.{0,60}|.{0,40}\ssent\sfrom\s(?:my|mail)\s.{2,40}"
    r"|this\s(?:message|e-?mail)\swas\ssent\s(?:from|by).{2,60}"
    r")$",
    re.IGNORECASE,
)
"""'Sent from my iPhone' and its kin."""

DISCLAIMER = re.compile(
    r"^\W{0,5}(?:confidentiality\snotice|disclaimer|this\s(?:e-?mail|message|communication)(?:\s\S{1,20}){0,6}\s(?:confidential|intended|privileged)"
    r"|the\sinformation\s(?:contained\s)?in\sthis\s(?:e-?mail|message)|данное\s(?:сообщение|письмо).{0,60}(?:конфиденциальн|предназначен)"
    r"|настоящее\s(?:сообщение|письмо)|это\s(?:сообщение|письмо).{0,80}конфиденциальн|уведомление\sо\sконфиденциальности"
    r"|please\sconsider\sthe\senvironment|diese\se-?mail\senth[äa]lt)",
    re.IGNORECASE,
)
"""Where a company's own small print begins."""
