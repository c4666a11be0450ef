"""What the operator chose."""

from config.settings import Settings, SettingsError, load

__all__ = ["Settings", "SettingsError", "load"]
