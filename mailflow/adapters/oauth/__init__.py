"""Access tokens in a password's place (RFC 6749): got by a sign-in, kept in a file, renewed ahead of time."""
