"""The labels of a submission's lines and the words that are none. Data only.

All words are as `normal_label` leaves them: lower case, ё as е, no full stops, a space for a hyphen. Russian and
English stand together, since people mix them. `wording.FORM_LABELS` are among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailflow.approval.submission import Field, RouteKind
from mailflow.approval.wording import KEYWORDS


class Extra(StrEnum):
    """Lines that say something about another line's field."""

    CURRENCY = "currency"


Label = Field | Extra

_LABELS: Mapping[Label, tuple[str, ...]] = {
    Field.TITLE: (
        "название", "названия", "назв", "название счета", "название платежа", "название заявки", "наименование",
        "наим", "наименование счета", "наименование платежа", "тема", "тема счета", "тема платежа", "заголовок",
        "title", "titles", "subject", "invoice title", "invoice name", "invoice subject", "payment title",
        "topic",
    ),
    Field.COUNTERPARTY: (
        "контрагент", "контрагенты", "контраг", "контр агент", "к агент", "наименование контрагента",
        "название контрагента", "поставщик", "поставщики", "поставщик услуг", "наименование поставщика",
        "название поставщика", "получатель", "получатели", "получатель платежа", "получатель средств",
        "получатель денег", "наименование получателя", "продавец", "исполнитель", "подрядчик", "бенефициар",
        "кому платим", "кому оплатить", "кому платить", "counterparty", "counter party", "counterparties",
        "counterparty name", "supplier", "suppliers", "supplier name", "name of supplier", "vendor", "vendors",
        "vendor name", "payee", "payee name", "beneficiary", "seller", "contractor", "merchant", "pay to",
    ),
    Field.AMOUNT: (
        "сумма", "суммы", "сум", "сумма счета", "сумма по счету", "сумма платежа", "сумма оплаты", "сумма к оплате",
        "сумма с ндс", "сумма счета с ндс", "сумма в т ч ндс", "сумма в тч ндс", "сумма включая ндс", "итого",
        "итого к оплате", "итого с ндс", "итоговая сумма", "общая сумма", "всего", "всего к оплате", "всего с ндс",
        "к оплате", "стоимость", "сумма всего", "сумма итого", "amount", "amounts", "total", "totals", "sum",
        "total amount", "total sum", "amount due", "total due", "balance due", "amount to pay", "amount payable",
        "payment amount", "invoice amount", "invoice total", "invoice sum", "grand total", "total to pay",
        "total payable", "total incl vat", "total including vat", "amount incl vat", "amount including vat",
        "gross amount", "sum total",
    ),
    Field.PAY_DATE: (
        "дата оплаты", "даты оплаты", "дата опл", "дата платежа", "дата планируемой оплаты", "дата плановой оплаты",
        "планируемая дата оплаты", "плановая дата оплаты", "планируемая дата платежа", "плановая дата платежа",
        "желаемая дата оплаты", "желательная дата оплаты", "крайняя дата оплаты", "крайний срок оплаты",
        "крайний срок", "предельная дата оплаты", "оплатить до", "оплатить к", "оплатить не позднее",
        "оплата до", "прошу оплатить до", "просьба оплатить до", "просим оплатить до", "к оплате до", "срок оплаты",
        "сроки оплаты", "срок опл", "срок платежа", "срок оплаты до", "дата оплаты до", "оплата не позднее",
        "когда оплатить", "когда платить", "срок", "pay date", "paydate", "pay day", "payment date", "payment dates",
        "date of payment", "planned date of payment", "date to pay",
        "planned pay date", "planned payment date", "scheduled payment date",
        "requested pay date", "requested payment date", "desired payment date", "due date", "due", "due by", "due on",
        "payment due", "payment due date", "payment due by", "payment deadline", "deadline", "pay by", "pay on",
        "pay until", "payable by", "please pay by", "please pay on", "to be paid by", "to be paid on",
    ),
    Field.COMMENT: (
        "комментарий", "комментарии", "коммент", "комм", "ком", "комментарий к счету", "комментарий к платежу",
        "обоснование", "обоснования", "обосн", "обоснование платежа", "обоснование оплаты", "назначение",
        "назначение платежа", "назначение оплаты", "основание", "основание платежа", "цель", "цель платежа",
        "примечание", "примечания", "прим", "пояснение", "пояснения", "описание", "причина", "comment", "comments",
        "remark", "remarks", "reason", "reasons", "reason for payment", "justification", "note", "notes",
        "purpose", "purpose of payment", "payment purpose", "business purpose", "description", "explanation",
    ),
    Field.ROUTE: (
        "тип согласования", "типы согласования", "вид согласования", "порядок согласования", "способ согласования",
        "схема согласования", "согласование", "маршрут", "маршрут согласования", "тип маршрута", "тип согл",
        "approval type", "type of approval", "approval", "approvals", "approval route", "approval flow",
        "approval path", "approval order", "approval kind", "approval mode", "approval process", "route",
        "route type", "workflow",
    ),
    Field.FILES: (
        "файл счета", "файлы счета", "файл", "файлы", "вложение", "вложения", "invoice file", "invoice files", "file",
        "files", "attachment", "attachments", "attached",
    ),
    Extra.CURRENCY: (
        "валюта", "вал", "валюта счета", "валюта платежа", "валюта оплаты", "currency", "currency code",
        "invoice currency", "payment currency", "curr",
    ),
}  # fmt: skip

LABELS: Mapping[str, Label] = {name: label for label, names in _LABELS.items() for name in names}

ONE_INVOICE = frozenset(
    {"один счет", "один", "1", "1 счет", "все один счет", "это один счет", "one invoice", "one", "1 invoice",
     "all one invoice", "this is one invoice"}
)  # fmt: skip
"""What says of several files that they are one invoice."""

ROUTES: Mapping[str, RouteKind] = {
    name: kind
    for kind, names in {
        RouteKind.HIERARCHY: (
            "по иерархии", "иерархия", "иерархическое", "иерархический", "иерархически", "иерархическая",
            "по иерархии снизу вверх", "по подчиненности", "hierarchy", "hierarchical", "hierarchically",
            "by hierarchy", "by the hierarchy", "hierarchic", "in hierarchy", "along the hierarchy",
        ),
        RouteKind.SEQUENTIAL: (
            "последовательное", "последовательно", "последовательный", "последовательная", "последовательность",
            "по порядку", "по очереди", "поочередно", "sequential", "sequentially", "sequence", "in sequence",
            "in order", "serial", "one after another", "one by one", "one after the other",
        ),
    }.items()
    for name in names
}  # fmt: skip

ROUTE_NOUNS = ("согласование", "маршрут", "порядок", "approval", "route")
"""Words that may stand beside a kind of route."""

HINTS = frozenset({"с ндс", "в т ч ндс", "в тч ндс", "включая ндс", "incl vat", "including vat", "число", "цифрами"})
"""What may stand in brackets after an amount's label, besides the currency; `(НДС)` would make it another sum."""

MAIL_HEADERS = frozenset(
    {
        "from", "sent", "to", "cc", "bcc", "date", "reply to", "importance", "от", "от кого", "кому", "отправлено",
        "отправитель", "копия", "скрытая копия", "дата", "дата отправки", "важность", "von", "an", "gesendet",
    }
)  # fmt: skip
"""Headers of a mail that was forwarded or quoted within the text."""

MAIL_SUBJECTS = frozenset({"тема", "subject"})
"""Labels of the title, unless they stand in such a block of headers."""

NO_LABELS = frozenset(
    {
        "тел", "телефон", "моб", "моб тел", "мобильный", "сот", "раб", "факс", "доб", "почта", "эл почта",
        "электронная почта", "e mail", "email", "mail", "e mail адрес", "адрес", "сайт", "phone", "tel", "telephone",
        "mobile", "cell", "fax", "web", "website", "www", "http", "https", "ftp", "mailto", "skype", "telegram",
        "whatsapp", "viber", "t", "m", "f", "p", "e", "т", "м", "ф", "address", "office", "direct", "ps", "p s", "пс",
        "з ы", "fyi", "re", "fw", "fwd", "ответ", "да", "нет", "yes", "no", "итак", "внимание", "важно", "срочно",
        "вопрос", "ответы", "например", "напоминаю", "attention", "important", "urgent", "warning", "question",
        "reminder", "example",
    }
) | {word.casefold() for words in KEYWORDS.values() for tongue in words.values() for word in tongue}  # fmt: skip
"""What stands before a colon and labels no field."""

PROSE_BEGINNINGS = frozenset(
    {
        "добрый", "доброе", "доброго", "здравствуйте", "здравствуй", "привет", "приветствую", "уважаемый", "уважаемая",
        "уважаемые", "коллеги", "дорогие", "прошу", "просьба", "просим", "пожалуйста", "спасибо", "благодарю", "см",
        "смотрите", "я", "мы", "вы", "он", "она", "они", "вот", "это", "тут", "здесь", "также", "еще", "как", "что",
        "если", "когда", "во", "в", "на", "по", "с", "и", "а", "но", "для", "согласно", "направляю", "отправляю",
        "высылаю", "прилагаю", "hello", "hi", "hey", "dear", "good", "please", "thanks", "thank", "see", "i", "we",
        "you", "he", "she", "they", "it", "this", "that", "here", "there", "as", "if", "when", "in", "on", "at", "for",
        "and", "but", "also", "let", "all", "sorry", "my", "our", "your",
    }
)  # fmt: skip
"""First words of a sentence rather than of a label."""

CLOSINGS = (
    "с уважением", "с наилучшими", "с благодарностью", "всего доброго", "всего хорошего", "хорошего дня", "спасибо",
    "благодарю", "заранее спасибо", "отправлено с", "отправлено из", "best regards", "kind regards", "warm regards",
    "with kind regards", "regards", "best wishes", "best,", "sincerely", "yours sincerely", "yours truly", "thanks",
    "thank you", "many thanks", "cheers", "sent from", "get outlook",
)  # fmt: skip
"""What a letter's end begins with."""
