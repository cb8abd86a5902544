"""Which installation an operator's command means."""

from server.settings import Settings


def settings_of(data: str | None) -> Settings:
    """The settings of the environment, with this data folder if one was named. Raises `ValidationError`."""
    return Settings() if data is None else Settings.model_validate({"home": data})
