"""Effects -> mails and calendar invites. Pure."""
