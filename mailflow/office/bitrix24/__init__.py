"""A Bitrix24 portal for tests and the demo: strict, in memory, on 127.0.0.1, and able to fail in every way."""
