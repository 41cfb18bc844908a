"""Effects -> mails, invites and tasks, as bytes. Pure: no I/O but reading templates, no clock, no randomness."""
