"""The board: read-only pages, the calendar feed, the downloads."""
