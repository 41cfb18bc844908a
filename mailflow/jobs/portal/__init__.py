"""Outbox -> Bitrix24: the portal shows what people see by mail; a file for each kind of thing (process section 5)."""
