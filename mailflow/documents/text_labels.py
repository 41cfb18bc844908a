"""What stands before a value on an invoice, in the languages of suppliers. Data only.

Labels are patterns in lower case, ё as е; a space stands for up to three blanks, points, hyphens or none. Of labels
that begin at one place the longest counts, so what is no fact of ours (a net total, a date of delivery) is listed too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum


class Label(StrEnum):
    """What the value after a label is."""

    NUMBER = "number"
    ISSUED = "issued"
    DAY = "day"
    DUE = "due"
    PAYABLE = "payable"
    GROSS = "gross"
    TOTAL = "total"
    PAID = "paid"
    REMAINING = "remaining"
    SUPPLIER = "supplier"
    PAYEE = "payee"
    CUSTOMER = "customer"
    PURPOSE = "purpose"
    OTHER = "other"


_NO = r"(?:number|num|no|nr|nummer|numer|numero|№|n°|nº|#|id)"
_RUSSIAN_INVOICE = r"счет(?: фактура| оферта| договор| на (?:предварительную )?оплату| на предоплату)?"

_LABELS: Mapping[Label, tuple[str, ...]] = {
    Label.NUMBER: (
        rf"{_RUSSIAN_INVOICE} (?:№|n°|nо|no)", "номер (?:документа|счета(?: на оплату| фактуры)?)",
        rf"(?:tax |vat |commercial |proforma |pro forma |sales )?invoice {_NO}", rf"bill {_NO}", rf"inv {_NO}",
        rf"invoice reference {_NO}?", "invoice ref",
        rf"(?:handels|schluss|abschlags)?rechnungs? (?:\(\d{{3}}\) )?{_NO}", rf"beleg {_NO}",
        rf"factuur {_NO}", rf"facture {_NO}", r"(?:n°|nº|no|numero|numéro) (?:de )?(?:la )?facture",
        rf"faktura (?:vat |proforma )?{_NO}", r"(?:nr|numer) faktury(?: vat)?",
    ),
    Label.ISSUED: (
        "дата (?:счета|выставления(?: счета)?|документа|составления)", "счет (?:выставлен )?от",
        "invoice date", "date of (?:the )?invoice", "invoice dated", "date of issue", "issue date", "date issued",
        "issued(?: on)?", "bill date", "billing date", "tax point",
        "rechnungs datum", "rechnung vom", "beleg datum", "ausstellungs datum", "datum der rechnung",
        "factuur datum", "datum factuur",
        "date (?:de (?:la )?)?(?:facture|facturation)", "date d['’](?:émission|emission)", "facture du",
        "data wystawienia(?: faktury)?", "data faktury", "wystawion[aoy](?: dnia)?",
    ),
    Label.DAY: ("date", "datum", "data", "дата"),
    Label.DUE: (
        "оплатить (?:не позднее|не позже|до)", "оплатить счет (?:не позднее|до)", "срок (?:оплаты|платежа)(?: до)?",
        "к оплате до", "оплата (?:не позднее|до)", "дата (?:оплаты|платежа)(?: до| не позднее)?",
        "(?:payment )?due date", "date due", "due", "payment due(?: date| by| on)?", "due (?:on|by)", "pay(?:able)? by",
        "payment deadline", "please pay (?:by|before)", "to be paid by",
        "fällig(?: am| bis| zum)?", "fälligkeit", "fälligkeits (?:datum|termin)", "zahlungsziel(?: bis)?",
        r"zahlbar (?:innerhalb (?:von )?\d{1,3} tagen )?(?:ohne abzug |netto )?bis(?: zum)?", "zu zahlen bis(?: zum)?",
        r"zahlungs termin", "verval datum", "verval dag", "te betalen (?:voor|vóór|uiterlijk)",
        "uiterste betaal datum",
        "date d['’](?:échéance|echeance)", "échéance", "echeance", "date limite de (?:paiement|règlement)",
        "à (?:payer|régler) avant le", "termin (?:płatności|zapłaty)", "płatne do", "zapłata do", "data płatności",
    ),
    Label.PAYABLE: (
        "(?:итого |всего |сумма )?к (?:оплате|перечислению)",
        r"всего (?:наименовани[ейя]|оказано услуг) :? \d{0,5} ,? на сумму", "сумма платежа",
        "(?:total )?amount (?:due|payable|to pay|to be paid)", "total (?:due|payable|to pay|to be paid)",
        "(?:outstanding |remaining |open )?balance due",
        "please pay", "payment amount", "outstanding amount", "(?:net )?(?:amount )?payable", "to pay",
        "(?:gesamtbetrag |noch )?zu zahlen", "(?:aus)?zahl(?:ungs)? betrag", "zu zahlender betrag", "zu überweisen",
        "offener betrag",
        "(?:totaal )?(?:nog )?te (?:betalen|voldoen)(?: bedrag)?", "openstaand bedrag",
        "(?:somme|net|montant|total|solde|reste) (?:ttc )?[àa] (?:payer|régler)", "montant dû",
        "(?:razem |pozostało |kwota )?do zapłaty(?: razem)?", "należność(?: ogółem)?",
    ),
    Label.GROSS: (
        "(?:итого|всего|сумма|стоимость)(?: по счету)?,? (?:с|включая|с учетом) ндс", "общая сумма(?: счета)?",
        "сумма счета", "итого по счету",
        "grand total", "(?:invoice|gross) (?:total|amount)", "total (?:invoice|gross)(?: amount)?",
        "total (?:price|sum)", "total amount", "total for this invoice", "gross",
        "total (?:amount )?(?:\\(?incl|including|inc|with) (?:vat|tax|gst)",
        "(?:rechnungs|brutto|gesamt|end) (?:betrag|summe)(?: brutto)?", "gesamt brutto", "summe brutto",
        "totaal bedrag", "totaal (?:incl|inclusief)(?: btw)?", "factuur (?:totaal|bedrag)",
        "(?:montant )?total ttc", "montant (?:total )?ttc", "montant total", "total facture",
        "(?:wartość|kwota|suma|razem) brutto", "ogółem",
    ),
    Label.TOTAL: ("итого", "всего", "total", "summe", "gesamt", "totaal", "razem", "suma"),
    Label.PAID: (
        "(?:ранее |уже )?(?:оплачено|уплачено|выплачено|внесено|получено|зачтено|поступило)(?: ранее)?",
        "(?:зачет )?аванс(?:а|ы|овый платеж)?(?: (?:внесен|получен|оплачен|уплачен|зачтен))?",
        "предоплат[аыу](?: (?:внесена|получена))?", "задаток", "ранее выставлено",
        "(?:гарантийное )?удержан(?:ие|о)", "(?:счет )?(?:частично )?оплачен[аы]?(?: частично)?",
        "(?:частичная )?оплата (?:получена|произведена|внесена)", "частичная оплата", "переплата",
        "(?:less )?(?:amount )?(?:already )?paid(?: to date| so far| in advance)?", "(?:less )?pre (?:paid|payments?)",
        r"(?:less )?payments?(?: \(s\))? (?:received|made|applied|to date)", "amount received", "credits?(?: applied)?",
        "(?:amount )?tendered", "vouchers?", "withholding(?: tax)?", "retention", "payments?",
        "(?:less )?deposits?(?: paid| received)?", "(?:less )?(?:down|part|partial) payments?",
        "(?:less )?advances?(?: payments?)?(?: paid| received)?", "retainer", "overpayment",
        "(?:less )?(?:credit )?card payments?", r"(?:1st |first |second )?instal?l?ments?(?: \d)?",
        "(?:первый|второй) платеж",
        "(?:bereits |schon )?(?:gezahlt|bezahlt|angezahlt|geleistet|erhalten)(?:er betrag)?",
        "(?:abzüglich |abzgl )?(?:geleistete |erhaltene )?(?:an|voraus|abschlags|teil) zahlung(?:en|s rechnung)?",
        "zahlungs eingang", "zahlung erhalten", "überwiesen", "gutschein", "(?:sicherheits)?einbehalt",
        r"(?:abzüglich |abzgl )?(?:abschlag(?: \d)?|gutschrift)",
        "(?:montant )?(?:déjà )?(?:payé|versé|réglé)e?s?", "acomptes?(?: versés?| reçus?| payés?)?", "avance", "arrhes",
        "retenue(?: de garantie)?",
        "(?:reeds |al )?(?:betaald|voldaan|ontvangen)", "aan betaling", "vooruit betaling", "voorschot",
        "(?:już )?(?:zapłacono|wpłacono|opłacono)", "zaliczk[aię]", "przedpłata",
    ),
    Label.REMAINING: (
        "осталось(?: оплатить| доплатить)?", "остаток(?: оплаты| долга| задолженности| по счету)?",
        "(?:с учетом |без учета |сумма )?задолженност[ьи]", "долг", "просроч(?:ка|ено)",
        "к доплате", "доплата", "недоплата", "сальдо",
        "(?:итого |всего |сумма )?(?:со|с учетом) скидк(?:а|и|ой)",
        "(?:remaining |outstanding |open |unpaid |current )?balance(?: remaining| outstanding| payable| owed)?",
        "(?:amount )?(?:remaining|outstanding|owing|owed)(?: amount)?", "left to pay", "still due", "you owe",
        "(?:due|pay) (?:now|today)", r"pay within(?: \d{1,2} days)?",
        "deposits? (?:due|payable|required)(?: now| today)?", "(?:total |amount )?after discounts?", "arrears",
        "(?:amount )?(?:overdue|past due)(?: amount)?",
        "(?:offener |verbleibender )?rest (?:betrag|summe|zahlung|forderung|schuld)", "rest", "(?:noch )?offen",
        "verbleib(?:t|end|ender betrag)", "saldo", "rückstand",
        "(?:solde|reste|restant|reliquat)(?: dû| restant)?", "impayé",
        "rest(?:ant)? bedrag", "nog open",
        "pozostało", "pozostaje", "zaległość", "do dopłaty",
    ),
    Label.SUPPLIER: (
        r"поставщик(?: \(исполнитель\)| / исполнитель)?", r"исполнитель(?: \(поставщик\))?", "продавец",
        "подрядчик", "supplier(?: name)?", "seller", "vendor(?: name)?", "bill(?:ed)? from",
        "invoice from", "issued by", "service provider", "verkäufer", "lieferant", "rechnungs (?:steller|ersteller)",
        "leverancier", "verkoper", "vendeur", "fournisseur", "émetteur", "sprzedawca", "wystawca", "dostawca",
    ),
    Label.PAYEE: (
        "получатель(?: платежа| средств)?", r"\(исполнитель\)",
        "payee", "beneficiary(?: name)?", "account (?:name|holder)",
        "pay(?:able)? to", "remit to", "konto inhaber", "begünstigter", "begunstigde", "bénéficiaire", "titulaire",
        "odbiorca płatności",
    ),
    Label.CUSTOMER: (
        r"покупатель(?: \(заказчик\)| / заказчик)?", r"заказчик(?: \(покупатель\))?", "плательщик",
        r"\(заказчик\)", "грузополучатель(?: и его адрес)?", "клиент",
        "bill(?:ed)? to(?: address)?", "invoice(?:d)? to", "ship(?:ped)? to", "sold to", "deliver(?:y)? to", "customer",
        "client", "buyer", "attn", "(?:your|customer|client) (?:vat|tax)(?: id| reg)?(?: number| no)?",
        "käufer(?:/leistungsempfänger)?", "kunde", "rechnungs (?:empfänger|adresse|anschrift)", "leistungsempfänger",
        r"ihre ust id (?:nr|nummer)?", "factuur adres", "aflever adres", "klant", "koper",
        "uw btw (?:nr|nummer)", "acheteur", r"(?:n°|numéro de) tva client",
        "adresse de (?:livraison|facturation)", "facturé à", "nabywca", "odbiorca", "kupujący",
    ),
    Label.PURPOSE: ("назначение платежа", "verwendungszweck", "payment reference", "tytuł przelewu"),
    Label.OTHER: (
        "банк получателя", "бик", "инн", "кпп", "сч №", "(?:лицевой|расчетный|корр?(?:еспондентский)?) счет №?",
        "договор №?", "заказ №?", "валюта", "счет действителен(?: до)?", "в том числе", r"в т\.? ч\.?",
        "(?:итого|всего|сумма) (?:ндс|без|скидк)[а-я]*", "дата (?:отгрузки|поставки|доставки|печати|договора|заказа)",
        "исправление №?", "основание",
        "sub total", "net (?:total|amount)", "(?:total|amount) (?:net|excl|excluding|before|ex|vat|tax|discount)",
        "(?:order|customer|account|delivery|reference|po|contract|booking|client) (?:no|number|nr|#|id)",
        "(?:order|delivery|shipping|ship|service|print|start|end|statement|period|supply) date", 
        "date of (?:supply|birth)",
        "currency", "date paid", "payment date", "(?:to be|must be|not) paid", "booking id", "account",
        "zwischensumme", "(?:gesamt|rechnungs|netto) (?:betrag|summe) (?:netto|ohne|exkl|zzgl|der)", "netto betrag",
        "(?:kunden|auftrags|bestell|liefer) (?:nummer|nr)", "steuer (?:nummer|nr)", "bestell datum",
        "(?:liefer|leistungs|druck|liefer und leistungs) datum", "währung",
        "(?:klant|order|bestel|serie) (?:nummer|nr)", "order datum", "lever datum", "subtotaal",
        "totaal (?:excl|exclusief|btw)", "total (?:ht|hors taxes?|tva|taxes)", "sous total", "montant (?:ht|tva)",
        "date de (?:livraison|commande|paiement|naissance)", "votre référence", "devise",
        "data (?:sprzedaży|dostawy|zamówienia|wykonania)", "(?:wartość|razem|suma) netto", "kwota vat", "waluta",
        "iban", "bic", "swift",
    ),
}  # fmt: skip


def _compiled(patterns: Iterable[str]) -> str:
    either = "|".join(sorted(patterns, key=len, reverse=True)).replace(" ", "[ .-]{0,3}")
    return rf"(?<![^\W_])(?:{either})(?:(?<=[№#°º)])|(?![^\W\d_]))"


_ANY = re.compile(_compiled(pattern for patterns in _LABELS.values() for pattern in patterns))
_EACH = {label: re.compile(_compiled(patterns)) for label, patterns in _LABELS.items()}


def labels_in(line: str) -> Iterator[tuple[Label, int, int]]:
    """The labels in a line (lower case, ё as е), each with where it begins and ends."""
    end = 0
    while found := _ANY.search(line, end):
        matches = ((label, pattern.match(line, found.start())) for label, pattern in _EACH.items())
        end, label = max((match.end(), label) for label, match in matches if match)
        yield label, found.start(), end
