"""Bytes of a mail -> what it means. Pure."""
