"""An invoice file, read: bytes to facts. Pure; each reader knows one kind of source."""
