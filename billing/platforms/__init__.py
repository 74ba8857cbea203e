"""Approved platforms (plateformes agréées): by which invoices between French companies go (CGI, article 289 bis)."""

from billing.platforms.folders import FolderPlatform
from billing.platforms.interface import Platform
from foundation.settings import Settings


def choose(settings: Settings) -> Platform | None:
    """Return the installation's platform; None where documents go by mail alone."""
    return FolderPlatform(settings.platform_folder) if settings.platform_folder else None
