"""What the operator chose: read once, frozen, loud about mistakes."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "GATEPOST_"
CONFIG_VARIABLE = "GATEPOST_CONFIG"
SHIPPED = Path(__file__).with_name("default.toml")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, never bound to
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
DATABASES = ("sqlite:///", "postgresql+psycopg://")
METRICS_TOKEN_LEAST = 16  # characters
COMMENT_CEILING = 65_525  # WordPress's own limit, so that every import fits


class SettingsError(ValueError):
    """A setting is unknown, missing or out of range; the text says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; units and defaults stand in default.toml beside this file."""

    base_url: str
    host: str
    port: int
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    data_dir: str
    database_url: str
    key_ring: str
    model: str
    threads: int
    body_deadline: float
    busy_timeout: float
    drain: float
    comment_max: int
    check_deliverability: bool
    submissions_burst: int
    submissions_per_minute: int
    site_burst: int
    site_per_minute: int
    slow_per_minute: int
    ticket_hours: int
    quick_seconds: float
    work: int
    idempotency_hours: int
    api_burst: int
    api_per_minute: int
    edit_minutes: int
    blind_sample: float
    fit_lease: float
    fit_deadline: float
    undo_hold: float
    undo_days: int
    dispatcher: bool
    poll_interval: float
    delivery_deadline: float
    delivery_lease: float
    delivery_threads: int
    webhook_allow: tuple[str, ...]
    attempt_days: int
    event_days: int
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str
    smtp_deadline: float
    mail_from: str
    mail_lease: float
    email_retention_days: int
    metrics_token: str
    metrics_host: str
    metrics_port: int
    log_level: str

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database in use."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{(Path(self.data_dir) / 'gatepost.db').absolute()}"

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database.startswith("sqlite")

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host header values that are ours, lower case, with a port where one is due.

        On a loopback address all its names are one: people type `localhost`.
        """
        address = urlsplit(self.base_url)
        names = LOOPBACK if address.hostname in LOOPBACK else ()
        own = {f"{name}:{address.port or 80}" for name in names}
        return frozenset({address.netloc.lower(), *map(str.lower, self.trusted_hosts), *own})

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies may be bound to it."""
        return self.base_url.startswith("https://")

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server to send through."""
        return bool(self.smtp_host)

    @property
    def ingress_body_cap(self) -> int:
        """Bytes a reader's form may have: an emoji is 12 bytes when urlencoded."""
        return 12 * self.comment_max + 16 * 1024


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Read the settings.

    Args:
        environ: variables, usually the process's.
        overrides: values that win over everything, for tests and the demo.

    Raises:
        SettingsError: an unknown name, an unreadable file, a wrong type or range.
    """
    values = _toml(SHIPPED)
    if CONFIG_VARIABLE in environ:
        values |= _known(_toml(Path(environ[CONFIG_VARIABLE])), environ[CONFIG_VARIABLE])
    values |= _known(_from_environ(environ), "the environment")
    values |= _known(overrides, "the caller")
    values["base_url"] = values["base_url"] or _own_address(values)
    settings = Settings(
        **{f.name: _typed(f.name, f.type, values[f.name]) for f in fields(Settings)}
    )
    _check(settings)
    return settings


def _own_address(values: Mapping[str, Any]) -> str:
    """Return where the server itself listens, for an installation nobody reaches otherwise."""
    host = "127.0.0.1" if values["host"] == ANY_ADDRESS else values["host"]
    return f"http://{host}:{values['port']}"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = {field.name for field in fields(Settings)}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in names and name.endswith("_file"):
            name, value = name.removesuffix("_file"), _secret(variable, value)  # noqa: PLW2901 - the file's text stands in for its path
        if name in found:
            raise SettingsError(f"{name} is set twice: keep {PREFIX}{name.upper()} or its _FILE")
        found[name] = value
    return found


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").rstrip("\n")
    except OSError as error:
        raise SettingsError(
            f"{variable} names a file that cannot be read: {error.strerror}"
        ) from error


def _known(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    names = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - names)
    if unknown:
        raise SettingsError(f"unknown setting: {', '.join(unknown)} (in {source})")
    return dict(values)


def _typed(name: str, kind: Any, value: Any) -> Any:
    if kind is bool:
        return _truth(name, value)
    if kind in (int, float):
        return _number(name, kind, value)
    if kind is str:
        if not isinstance(value, str):
            raise SettingsError(f"{name} must be a text, not {value!r}")
        return value
    return _words(name, value)


def _words(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise SettingsError(f"{name} must be a list of texts, not {value!r}")
    return tuple(value)


def _truth(name: str, value: Any) -> bool:
    word = str(value).lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise SettingsError(f"{name} must be true or false, not {value!r}")


def _number(name: str, kind: Any, value: Any) -> Any:
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            raise TypeError  # noqa: TRY301 - one message for every wrong form
        return kind(value)
    except (TypeError, ValueError):
        what = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{name} must be {what}, not {value!r}") from None


RANGES: dict[str, tuple[float, float]] = {
    "port": (0, 65535),
    "metrics_port": (0, 65535),
    "trusted_proxies": (0, 10),
    "threads": (1, 64),
    "body_deadline": (0.1, 600),
    "busy_timeout": (0.1, 60),
    "drain": (0, 600),
    "comment_max": (1, COMMENT_CEILING),
    "submissions_burst": (1, 1_000_000),
    "submissions_per_minute": (1, 1_000_000),
    "site_burst": (1, 1_000_000),
    "site_per_minute": (1, 1_000_000),
    "slow_per_minute": (1, 1_000_000),
    "ticket_hours": (1, 24 * 30),
    "quick_seconds": (0, 60),
    "work": (1, 10_000_000),
    "idempotency_hours": (1, 24 * 30),
    "api_burst": (1, 1_000_000),
    "api_per_minute": (1, 1_000_000),
    "edit_minutes": (0, 24 * 60),
    "blind_sample": (0, 1),
    "fit_lease": (1, 3600),
    "fit_deadline": (1, 3600),
    "undo_hold": (0, 3600),
    "undo_days": (0, 365),
    "poll_interval": (0.01, 60),
    "delivery_deadline": (0.1, 60),
    "delivery_lease": (1, 3600),
    "delivery_threads": (1, 64),
    "attempt_days": (1, 3650),
    "event_days": (1, 3650),
    "smtp_port": (1, 65535),
    "smtp_deadline": (0.1, 300),
    "mail_lease": (1, 3600),
    "email_retention_days": (0, 3650),
}


def _check(settings: Settings) -> None:
    for name, (low, high) in RANGES.items():
        if not low <= getattr(settings, name) <= high:
            raise SettingsError(f"{name} must be between {low} and {high}")
    address = urlsplit(settings.base_url)
    if (
        address.scheme not in ("http", "https")
        or not address.netloc
        or address.path not in ("", "/")
    ):
        raise SettingsError("base_url must be http(s)://host[:port], without a path")
    if settings.base_url.endswith("/"):
        raise SettingsError("base_url must not end with a slash")
    if not settings.database.startswith(DATABASES):
        raise SettingsError(
            "database_url must be sqlite:////path/to/file or postgresql+psycopg://user@host/name"
        )
    if settings.log_level not in ("debug", "info", "warning", "error"):
        raise SettingsError("log_level must be debug, info, warning or error")
    _check_delivery(settings)
    _check_mail(settings)
    _check_watching(settings)


def _check_watching(settings: Settings) -> None:
    if 0 < len(settings.metrics_token) < METRICS_TOKEN_LEAST:
        raise SettingsError(f"metrics_token must have at least {METRICS_TOKEN_LEAST} characters")


def _check_delivery(settings: Settings) -> None:
    if settings.delivery_lease <= settings.delivery_deadline:
        raise SettingsError("delivery_lease must be longer than delivery_deadline")
    if settings.event_days < settings.attempt_days:
        raise SettingsError("event_days must not be less than attempt_days")


def _check_mail(settings: Settings) -> None:
    if settings.smtp_security not in ("starttls", "tls", "none"):
        raise SettingsError("smtp_security must be starttls, tls or none")
    if settings.smtp_host and "@" not in settings.mail_from:
        raise SettingsError("mail_from must be the address mails come from, as smtp_host is set")
    if settings.mail_lease <= settings.smtp_deadline:
        raise SettingsError("mail_lease must be longer than smtp_deadline")
