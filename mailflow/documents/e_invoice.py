"""E-invoices: UBL 2.1 (ISO/IEC 19845) and UN/CEFACT CII, as EN 16931, XRechnung, Factur-X and ZUGFeRD use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.documents.values import account, bank_code, day, money, name, tax_id
from mailflow.documents.xml import Element, every, find, local, words

CREDIT_NOTES = frozenset({"381", "383", "396", "261", "262", "296", "308", "420", "458", "532"})
"""UNTDID 1001: what says that money comes back. Nobody pays it."""


def read_ubl(root: Element) -> Facts | None:
    """What a UBL Invoice or CreditNote says; None for another document."""
    if local(root) not in ("Invoice", "CreditNote"):
        return None
    party = find(root, "AccountingSupplierParty", "Party")
    total = find(root, "LegalMonetaryTotal", "PayableAmount")
    currency = (total.get("currencyID", "") if total is not None else "") or words(root, "DocumentCurrencyCode")
    payee = find(root, "PaymentMeans", "PayeeFinancialAccount")
    facts = Facts(
        Origin.XML,
        number=name(words(root, "ID")),
        issued=day(words(root, "IssueDate")),
        due=day(words(root, "DueDate") or words(root, "PaymentMeans", "PaymentDueDate")),
        supplier=name(words(party, "PartyLegalEntity", "RegistrationName") or words(party, "PartyName", "Name")),
        amount=money(words(total), currency),
        details=PaymentDetails(
            account=account(words(payee, "ID")),
            bank_code=bank_code(words(payee, "FinancialInstitutionBranch", "ID")),
            tax_id=tax_id(_vat_number(party)),
        ),
        purpose=name(words(root, "PaymentMeans", "PaymentID")),
    )
    kind = words(root, "InvoiceTypeCode") or words(root, "CreditNoteTypeCode")
    return _judged(facts, words(total), local(root) == "CreditNote" or kind in CREDIT_NOTES)


def read_cii(root: Element) -> Facts | None:
    """What a CrossIndustryInvoice (or ZUGFeRD 1.0's CrossIndustryDocument) says; None for another document."""
    if local(root) not in ("CrossIndustryInvoice", "CrossIndustryDocument"):
        return None
    head = _below(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = _below(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = _below(trade, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settlement = _below(trade, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    totals = _below(
        settlement,
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )
    seller, means = find(agreement, "SellerTradeParty"), find(settlement, "SpecifiedTradeSettlementPaymentMeans")
    registered = {e.get("schemeID"): words(e) for e in every(seller, "SpecifiedTaxRegistration", "ID")}
    payable = words(totals, "DuePayableAmount") or words(totals, "GrandTotalAmount")
    facts = Facts(
        Origin.XML,
        number=name(words(head, "ID")),
        issued=day(words(head, "IssueDateTime", "DateTimeString")),
        due=day(words(settlement, "SpecifiedTradePaymentTerms", "DueDateDateTime", "DateTimeString")),
        supplier=name(words(seller, "Name")),
        amount=money(payable, words(settlement, "InvoiceCurrencyCode")),
        details=PaymentDetails(
            account=account(words(means, "PayeePartyCreditorFinancialAccount", "IBANID")),
            bank_code=bank_code(words(means, "PayeeSpecifiedCreditorFinancialInstitution", "BICID")),
            tax_id=tax_id(registered.get("VA") or _first(registered.values())),
        ),
        purpose=name(words(settlement, "PaymentReference")),
    )
    return _judged(facts, payable, words(head, "TypeCode") in CREDIT_NOTES)


def _vat_number(party: Element | None) -> str:
    schemes = {words(s, "TaxScheme", "ID"): words(s, "CompanyID") for s in every(party, "PartyTaxScheme")}
    return schemes.get("VAT") or _first(schemes.values())


def _judged(facts: Facts, payable: str, comes_back: bool) -> Facts:
    """Nobody pays what gives money back, nor what has nothing left to pay: the sum is asked about."""
    is_unsure = comes_back or (bool(payable) and facts.amount is None)
    return replace(facts, gives_back=comes_back, doubtful=frozenset({"amount"} if is_unsure else ()))


def _below(element: Element | None, *names: str) -> Element | None:
    return next((found for one in names if (found := find(element, one)) is not None), None)


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
