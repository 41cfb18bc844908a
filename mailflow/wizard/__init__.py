"""`init`: asks what an administrator knows, tries it for real, and writes the settings."""
