"""How mail programs put an answer and the mail that it answers together."""

from __future__ import annotations

from html import escape

from mailflow.approval.wording import REPLY_MARKERS
from mailflow.inbound.message import InboundMessage

REQUEST = f"""{REPLY_MARKERS["en"]}

Invoice INV-2026-0114 from Acme Tools Ltd needs your decision.

Amount: 517 034,04 RUB
Pay date: 14.12.2026

The first line of your answer:

APPROVE
REJECT: reason

{REPLY_MARKERS["ru"]}
СОГЛАСОВАНО
ОТКЛОНЕНО: причина

Reference: INV-2026-0114 #pvte75y7"""

ATTRIBUTIONS = {
    "Gmail": "On Tue, Nov 24, 2026 at 10:00 AM Mailflow <finance@example.com> wrote:",
    "Gmail, wrapped": "On Tue, Nov 24, 2026 at 10:00 AM Invoices of the Company <\nfinance@example.com> wrote:",
    "Gmail, Russian": "вт, 24 нояб. 2026 г. в 10:00, Mailflow <finance@example.com>:",
    "Android, Russian": '24.11.2026 10:00 пользователь "Mailflow" <\nfinance@example.com> написал:',
    "Apple Mail": "On 24 Nov 2026, at 10:00, Mailflow <finance@example.com> wrote:",
    "Apple Mail, Russian": "24 нояб. 2026 г., в 10:00, Mailflow <finance@example.com> написал(а):",
    "Thunderbird": "On 24/11/2026 10:00, Mailflow wrote:",
    "Thunderbird, Russian": "24.11.2026 10:00, Mailflow пишет:",
    "Yandex": '24.11.2026, 10:00, "Mailflow" <finance@example.com>:',
    "Mail.ru": "Вторник, 24 ноября 2026, 10:00 +03:00 от Mailflow <finance@example.com>:",
    "The Bat!": "Вы писали 24 ноября 2026 г., 10:00:00:",
    "Evolution, Russian": "В Вт, 24/11/2026 в 10:00 +0300, Mailflow пишет:",
    "French": "Le mar. 24 nov. 2026 à 10:00, Mailflow <finance@example.com>\na écrit :",
    "German": "Am 24.11.2026 um 10:00 schrieb Mailflow <finance@example.com>:",
    "Dutch": "Op di 24 nov 2026 om 10:00 schreef Mailflow <\nfinance@example.com>:",
    "Polish": "W dniu 24.11.2026 o 10:00 Mailflow <finance@example.com>\nnapisał(a):",
    "Norwegian, wrapped": "tir. 24. nov. 2026 kl. 10:00 skrev Mailflow <finance@example.com\n>:",
    "Gmail, Ukrainian": "вт, 24 лист. 2026 р. о 10:00 Mailflow <finance@example.com> пише:",
    "Gmail, Italian": "Il giorno mar 24 nov 2026 alle ore 10:00 Mailflow <finance@example.com> ha scritto:",
    "Gmail, Spanish": "El mar, 24 nov 2026 a las 10:00, Mailflow (<finance@example.com>) escribió:",
    "Gmail, Czech": "út 24. 11. 2026 v 10:00 odesílatel Mailflow <finance@example.com> napsal:",
    "Gmail, Hungarian": "Mailflow <finance@example.com> ezt írta (időpont: 2026. nov. 24., K, 10:00):",
    "Gmail, Turkish": "Mailflow <finance@example.com>, 24 Kas 2026 Sal, 10:00 tarihinde şunu yazdı:",
    "Gmail, Hebrew": "\u202bבתאריך 24 בנוב׳ 2026 ב-10:00 מאת Mailflow <\u202afinance@example.com\u202c>:\u202c",
    "Gmail, Chinese": "Mailflow <finance@example.com> 于2026年11月24日周二 10:00写道：",
    "German, the date last": "Mailflow <finance@example.com> schrieb am Di., 24.\nNov. 2026 um 10:00 Uhr:",
    "K-9, Russian": "24 ноября 2026 г. 10:00:00 GMT+03:00, Mailflow <finance@example.com> пишет:",
    "GroupWise": ">>> Mailflow <finance@example.com> 24.11.2026 10:00 >>>",
    "Belarusian, wrapped": "аў, 24 ліс 2026 г. у 10:00 Mailflow of the Company\n<finance@example.com> піша:",
    "Chinese, wrapped": "Mailflow <finance@example.com> 於\n2026年11月24日 週二 上午10:00寫道：",
    "French, the colon alone": "Le 24 nov. 2026 à 10:00, Mailflow <finance@example.com> a écrit\n:",
    "Dutch, the name below": "Op 24 november 2026 10:00:00 CET schreef\nMailflow <finance@example.com>:",
    "Arabic": "\u202bفي ٢٤\u200f/١١\u200f/٢٠٢٦ ١٠:٠٠ ص، كتب \u200fMailflow \u200f<finance@example.com>:\u202c",
    "Polymail": "On Tue, Nov 24, 2026 at 10:00 AM Mailflow\n\n<\nmailto:Mailflow <finance@example.com>\n> wrote:",
    "Polish, Thunderbird": "W dniu 24.11.2026 o 10:00, Mailflow pisze:",
    "Slovene": "Dne 24. 11. 2026 ob 10:00 je Mailflow napisal(a):",
    "Horde": "Quoting Mailflow <finance@example.com>:",
    "Horde, German": "Zitat von Mailflow <finance@example.com>:",
    "Horde, Russian": "Цитирую Mailflow <finance@example.com>:",
    "Android, no date": "---- Mailflow wrote ----",
    "Lotus Notes, one line": "Mailflow ---24.11.2026 10:00:00---[INV-2026-0114 #pvte75y7] Approve",
    "Zoho": "---- On Tue, 24 Nov 2026 10:00:00 +0300 finance@example.com wrote ----",
}

HEADER_BLOCKS = {
    "Outlook": (
        "From: Mailflow <finance@example.com>\nSent: Tuesday, November 24, 2026 10:00 AM\n"
        "To: Olga <olga@example.com>\nSubject: [INV-2026-0114 #pvte75y7] Approve"
    ),
    "Outlook, Russian": (
        "От: Mailflow <finance@example.com>\nОтправлено: 24 ноября 2026 г. 10:00\n"
        "Кому: Ольга <olga@example.com>\nТема: [INV-2026-0114 #pvte75y7] Согласовать"
    ),
    "Outlook, German": "Von: Mailflow\nGesendet: Dienstag, 24. November 2026 10:00\nAn: Olga\nBetreff: Rechnung",
    "Outlook, Ukrainian": "Від: Mailflow\nНадіслано: 24 листопада 2026 р.\nКому: Ольга\nТема: Рахунок",
    "Outlook, Romanian": "De la: Mailflow\nTrimis: marți, 24 noiembrie 2026\nCătre: Olga\nSubiect: Factura",
    "Outlook, Kazakh": "Кімнен: Mailflow\nЖіберілді: 24 қараша 2026\nКімге: Ольга\nТақырып: Шот",
    "Outlook, Greek": "Από: Mailflow\nΣτάλθηκε: 24 Νοεμβρίου 2026\nΠρος: Όλγα\nΘέμα: Τιμολόγιο",
    "Lotus Notes": "From:   Mailflow <finance@example.com>\nTo:     Olga\nDate:   24.11.2026 10:00\nSubject:   x",
    "Proton": "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐",
    "BlueMail": "Получить BlueMail для Android\nНа 24 нояб. 2026 г., в 10:00, Mailflow <finance@example.com> написал:",
    "Outlook.com": "________________________________\nFrom: Mailflow\nSent: 24 November 2026\nTo: Olga\nSubject: x",
    "Hotmail": "Date: Tue, 24 Nov 2026 10:00:00 +0300\nSubject: x\nFrom: finance@example.com\nTo: olga@example.com",
    "Outlook, bold": "*From:* Mailflow [mailto:finance@example.com]\n*Sent:* 24.11.2026\n*To:* Olga\n*Subject:* x",
    "Orange": "Message du 24/11/26 10:00\nDe : Mailflow <finance@example.com>\nA : olga@example.com\nObjet : x",
    "David": "Original Message processed by david®\n[INV-2026-0114] 24. November 2026\nVon Mailflow\nAn Olga",
    "Outlook, Turkish": "Gönderen: Mailflow\nTarih: 24 Kasım 2026\nAlıcı: Olga\nKonu: x",
    "Outlook, Korean": "보낸 사람: Mailflow\n보낸 날짜: 2026년 11월 24일\n받는 사람: Olga\n제목: x",
    "Outlook, Croatian": "Šalje: Mailflow\nPoslano: 24. studenog 2026. 10:00\nPrima: Olga\nPredmet: x",
    "a date and an address": "From: finance@example.com\nDate: Tue, 24 Nov 2026 10:00:00 +0300",
    "Outlook, French": "-----Message d’origine-----\nDe : Mailflow",
    "Samsung, all on one line": (
        '-------- Ursprüngliche Nachricht --------Von: "Mailflow" <finance@example.com> Datum: 24.11.26  10:00  '
        "(GMT+01:00) An: olga@example.com Betreff: Rechnung"
    ),
    "Seznam": "---------- Původní e-mail ----------\nOd: Mailflow\nDatum: 24. 11. 2026 10:00:00",
    "i.ua": "--- Оригінальне повідомлення ---\nВід кого: Mailflow\nДата: 24 листопада 2026, 10:00:00",
    "Original message": "-----Original Message-----",
    "Исходное сообщение": (
        "-------- Исходное сообщение --------\nОт: Mailflow\nДата: 24.11.2026 10:00\nКому: Ольга\nТема: x"
    ),
    "a telephone": "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>",
    "our own words alone": "",
}

FORWARDS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Mailflow <finance@example.com>\nDate: Tue, Nov 24, 2026\n",
    "Apple Mail": "Begin forwarded message:\n",
    "Russian": "-------- Пересылаемое сообщение --------\n24.11.2026, 10:00, Mailflow:\n",
}


def prefixed(text: str) -> str:
    """A quotation with `>`."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def text_replies(answer: str) -> dict[str, str]:
    """The answer in the text part of every program, above the quotation and where possible below it."""
    found = {}
    for name, line in ATTRIBUTIONS.items():
        found[f"{name}, above"] = f"{answer}\n\n{line}\n{prefixed(REQUEST)}\n"
        found[f"{name}, above, no prefix"] = f"{answer}\n\n{line}\n\n{REQUEST}\n"
        found[f"{name}, close above"] = f"{answer}\n{line}\n\n{prefixed(REQUEST)}\n"
        found[f"{name}, below"] = f"{line}\n{prefixed(REQUEST)}\n\n{answer}\n"
    for name, block in HEADER_BLOCKS.items():
        found[f"{name}, above"] = f"{answer}\n\n{block}\n\n{REQUEST}\n"
    found["within"] = f"{prefixed(REQUEST[:200])}\n\n{answer}\n\n{prefixed(REQUEST[200:])}\n"
    found["signed"] = f"{answer}\n\n-- \nAnna Smirnova\nReject fraud: fraud@example.com\n\n{prefixed(REQUEST)}\n"
    found["no quotation"] = answer
    return found


def html_replies(answer: str) -> dict[str, str]:
    """The same in HTML."""
    said = escape(answer).replace("\n", "<br>\n")
    asked = escape(REQUEST).replace("\n", "<br>\n")
    line = "24.11.2026 10:00, Mailflow &lt;finance@example.com&gt;"
    outlook = "<b>От:</b> Mailflow<br><b>Отправлено:</b> 24 ноября 2026 г.<br><b>Кому:</b> Ольга<br><b>Тема:</b> Счёт"
    return {
        "Gmail": f'<div dir="ltr">{said}</div><br><div class="gmail_quote"><div class="gmail_attr">On 24 Nov 2026, '
        f'M &lt;f@x.example&gt; wrote:<br></div><blockquote class="gmail_quote">{asked}</blockquote></div>',
        "Outlook": f'<div class="WordSection1"><p class="MsoNormal">{said}</p><div style="border:none;border-top:solid '
        f'#E1E1E1 1.0pt"><p>{outlook}</p></div><p>{asked}</p></div>',
        "Outlook on the web": f'<div>{said}</div><div id="appendonsend"></div><hr>'
        f'<div id="divRplyFwdMsg">{outlook}</div><div>{asked}</div>',
        "Apple Mail": f'<body>{said}<div><br><blockquote type="cite"><div>On 24 Nov 2026, M wrote:</div>'
        f"{asked}</blockquote></div></body>",
        "Thunderbird, below": f'<div class="moz-cite-prefix">{line} пишет:<br></div><blockquote type="cite">{asked}'
        f"</blockquote><p>{said}</p>",
        "Yandex": f"<div>{said}</div><div>{line}:</div><blockquote>{asked}</blockquote>",
        "Mail.ru": f'<div>{said}</div><div class="mail-quote-collapse"><blockquote>'
        f"{line}:<br>{asked}</blockquote></div>",
        "Yahoo": f'<div>{said}</div><div class="yahoo_quoted">{line} wrote:<br>{asked}</div>',
        "signed": f'<div>{said}</div><div class="gmail_signature">Reject fraud: fraud@example.com</div>',
        "Samsung": f'<div dir="auto">{said}</div><div id="composer_signature">Отправлено со смартфона Galaxy</div>'
        f"<div>-------- Исходное сообщение --------</div><div>От: Mailflow</div><div>Тема: x</div>{asked}",
        "a help desk": f'<div>{said}</div><div class="front-signature">Reject</div><blockquote type="cite">'
        f"On November 24, Mailflow wrote:<br>{asked}</blockquote>",
        "Spark": f'<div name="messageBodySection">{said}</div><div name="messageSignatureSection"><br>Reject</div>'
        f'<div name="messageReplySection">{asked}</div>',
        "GMX": f'<div>{said}</div><div name="quote"><b>Gesendet:</b> Dienstag<br><div>{asked}</div></div>',
        "Roundcube": f'<p>{said}</p><p id="reply-intro">Am 2026-11-24 10:00, schrieb Mailflow:</p>'
        f'<blockquote type="cite">{asked}</blockquote>',
    }


def message(text: str = "", html: str | None = None, sender_name: str = "Olga Kim") -> InboundMessage:
    """A reply with this body."""
    return InboundMessage(
        message_id="<1@example.com>",
        sender="olga@example.com",
        sender_problem=None,
        sender_name=sender_name,
        recipients=("finance@example.com",),
        subject="Re: [INV-2026-0114 #pvte75y7] Approve",
        date=None,
        in_reply_to=(),
        references=(),
        text=text,
        html=html,
        files=(),
    )
