"""Small e-invoices of our own, one of each kind, with what is true of them."""

from __future__ import annotations

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate><cbc:DueDate>{due}</cbc:DueDate>
 <cbc:InvoiceTypeCode>{kind}</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
 <cac:AccountingSupplierParty><cac:Party>
  <cac:PartyName><cbc:Name>Shop of Muster</cbc:Name></cac:PartyName>
  <cac:PartyTaxScheme><cbc:CompanyID>201/113/40209</cbc:CompanyID>
   <cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID>
   <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyLegalEntity><cbc:RegistrationName>{supplier}</cbc:RegistrationName></cac:PartyLegalEntity>
 </cac:Party></cac:AccountingSupplierParty>
 <cac:PaymentMeans><cbc:PaymentID>RF18</cbc:PaymentID>
  <cac:PayeeFinancialAccount><cbc:ID>{iban}</cbc:ID>
   <cac:FinancialInstitutionBranch><cbc:ID>BYLADEM1001</cbc:ID></cac:FinancialInstitutionBranch>
  </cac:PayeeFinancialAccount></cac:PaymentMeans>
 <cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount currencyID="EUR">999.00</cbc:TaxInclusiveAmount>
  <cbc:PayableAmount currencyID="EUR">{amount}</cbc:PayableAmount></cac:LegalMonetaryTotal>
</Invoice>"""

CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>{kind}</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20261120</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>
  <ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>{supplier}</ram:Name>
   <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE123456789</ram:ID></ram:SpecifiedTaxRegistration>
  </ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeSettlement><ram:PaymentReference>RF18</ram:PaymentReference>
   <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradeSettlementPaymentMeans>
    <ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{iban}</ram:IBANID></ram:PayeePartyCreditorFinancialAccount>
    <ram:PayeeSpecifiedCreditorFinancialInstitution><ram:BICID>BYLADEM1001</ram:BICID>
    </ram:PayeeSpecifiedCreditorFinancialInstitution></ram:SpecifiedTradeSettlementPaymentMeans>
   <ram:SpecifiedTradePaymentTerms>
    <ram:DueDateDateTime><udt:DateTimeString format="102">{due}</udt:DateTimeString></ram:DueDateDateTime>
   </ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:GrandTotalAmount>999.00</ram:GrandTotalAmount>
    <ram:DuePayableAmount>{amount}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""

UPD_501 = """<?xml version="1.0" encoding="windows-1251"?>
<Файл ИдФайл="1" ВерсФорм="5.01"><Документ КНД="1115131" Функция="СЧФДОП">
 <СвСчФакт НомерСчФ="{number}" ДатаСчФ="20.11.2026" КодОКВ="643">
  <СвПрод><ИдСв><СвЮЛУч НаимОрг="ООО &quot;Ромашка&quot;" ИННЮЛ="7707083893" КПП="770701001"/></ИдСв>
   <БанкРекв НомерСчета="{account}"><СвБанк НаимБанк="ПАО СБЕРБАНК" БИК="044525225" КорСчет="30101810400000000225"/>
   </БанкРекв></СвПрод></СвСчФакт>
 <ТаблСчФакт><ВсегоОпл СтТовУчНалВсего="{amount}"/></ТаблСчФакт>
</Документ></Файл>"""

UPD_503 = """<?xml version="1.0" encoding="windows-1251"?>
<Файл ИдФайл="1" ВерсФорм="5.03"><Документ КНД="1115131" Функция="СЧФ">
 <СвСчФакт НомерДок="{number}" ДатаДок="20.11.2026">
  <СвПрод><ИдСв><СвИП ИННФЛ="500100732259"><ФИО Фамилия="Иванов" Имя="Пётр" Отчество="Ильич"/></СвИП></ИдСв></СвПрод>
  <ДенИзм КодОКВ="643"/></СвСчФакт>
 <ТаблСчФакт><ВсегоОпл СтТовУчНалВсего="{amount}"/></ТаблСчФакт>
</Документ></Файл>"""

IBAN = "DE02120300000000202051"
RUSSIAN_ACCOUNT = "40702810938000000001"


def ubl(**changes: str) -> bytes:
    """An invoice of Muster GmbH over 125.50 EUR, RE-17 of 20 November 2026, due on 15 December."""
    return UBL.format(**_with(changes, due="2026-12-15")).encode()


def cii(**changes: str) -> bytes:
    """The same as CII."""
    return CII.format(**_with(changes, due="20261215")).encode()


def _with(changes: dict[str, str], due: str) -> dict[str, str]:
    said = {"number": "RE-17", "kind": "380", "supplier": "Muster GmbH", "iban": IBAN, "amount": "125.50", "due": due}
    return said | changes
