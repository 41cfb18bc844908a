"""What several rooms share."""

from hypothesis import settings

from tests.servers.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

settings.register_profile("mailflow", deadline=None)  # a busy machine is no defect
settings.load_profile("mailflow")
