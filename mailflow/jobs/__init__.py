"""One run_once() each: mailbox -> inbox -> invoice and outbox -> world, and what the clock asks for."""
