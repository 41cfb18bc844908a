"""Texts of invoices as a PDF gives them, written for these tests; their ИНН and Russian accounts are nobody's."""

from __future__ import annotations

RUSSIAN = """\
АО "ТЕСТБАНК" Г. МОСКВА БИК 044500991
Сч. № 30101810100000000991
Банк получателя
ИНН 0012345673 КПП 774301001 Сч. № 40702810600000000018
ООО "Ромашка"
Получатель
Счет на оплату № УТ-123 от 15 декабря 2026 г.
Поставщик
(Исполнитель):
ООО "Ромашка", ИНН 0012345673, КПП 774301001, 125212, Москва г, Ленинградское ш, дом 5
Покупатель
(Заказчик):
ООО "Лютик", ИНН 0023456784, КПП 770701001, 101000, Москва г, Мясницкая ул, дом 1
Основание: Договор № 7 от 01.02.2026
№ Товары (работы, услуги) Кол-во Ед. Цена Сумма
1 Бумага А4 10 пач 500,00 5 000,00
2 Доставка 1 шт 7 345,50 7 345,50
Итого: 12 345,50
В том числе НДС: 2 057,58
Всего к оплате: 12 345,50
Всего наименований 2, на сумму 12 345,50 руб.
Двенадцать тысяч триста сорок пять рублей 50 копеек
Оплатить не позднее 20.12.2026
"""

ENGLISH = """\
ACME Ltd
Invoice No: INV-2026-0042
Invoice Date: 3 March 2026
Due Date: 2 April 2026
Seller: ACME Ltd, 1 High Street, London
Bill To:
Romashka LLC
VAT ID: DE136695976
Description Qty Price Amount
Consulting 2 500.00 1,000.00
Subtotal 1,000.00
VAT 20% 200.00
Total due: £1,200.00
IBAN: GB82 WEST 1234 5698 7654 32 BIC: WESTGB2L
VAT No GB 980 7806 84
"""

GERMAN = """\
Muster GmbH
Rechnungsnummer: RE-2026/17 Rechnungsdatum: 05.03.2026
Kundennummer: 4711
Nettobetrag 1.000,00 €
zzgl. 19 % MwSt. 190,00 €
Gesamtbetrag 1.190,00 €
Zahlbar bis 04.04.2026
IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX
USt-IdNr. DE136695976
"""

DUTCH = """\
Factuurnummer 2026-118
Factuurdatum 1 mei 2026
Vervaldatum 31-05-2026
Subtotaal € 100,00
BTW 21% € 21,00
Totaal te betalen € 121,00
IBAN NL91ABNA0417164300
"""

FRENCH = """\
Facture n° FA-77 du 1er août 2026
Date d'échéance : 31/08/2026
Total HT 100,00 €
TVA 20 % 20,00 €
Total TTC 120,00 €
IBAN : FR14 2004 1010 0505 0001 3M02 606
"""

POLISH = """\
Faktura nr FV/12/2026
Data wystawienia: 2026-05-04
Termin płatności: 18 maja 2026
Sprzedawca: Przykład Sp. z o.o.
NIP: 774-00-01-454
Nabywca: Inny S.A.
NIP: 526-10-40-828
Razem: 100,00 23,00 123,00
Do zapłaty: 123,00 zł
"""

COLUMNS = """\
TAX INVOICE
Invoice Number Invoice Date Due Date Amount Due
10077 14/02/2026 28/02/2026 USD 1,250.00
"""

UNDER = """\
INVOICE
Invoice number
A-100
Date of issue
2026-07-01
Amount due
99.50 EUR
"""

UNDER_A_BLOCK = """\
Invoice number:
Invoice date:
Total due:
A-100
2026-07-01
99.50 EUR
"""

TAX_INVOICE_ROW = """\
Счет-фактура № 15 от 3 марта 2026 г.
Продавец: ООО "Ромашка"
ИНН/КПП продавца: 0012345673/774301001
Покупатель: ООО "Лютик"
ИНН/КПП покупателя: 0023456784/770701001
Валюта: наименование, код Российский рубль, 643
Всего к оплате 1 000,00 X 200,00 1 200,00
"""
