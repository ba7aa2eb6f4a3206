"""Addresses of servers: checked before anything is trained, and shown without their secrets."""

import importlib.util
import os
import re
from urllib.parse import unquote, urlsplit

from benchmark.errors import ConfigError

VARIABLE, REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"  # MLflow's own
SERVERS = ("http:", "https:", "postgresql:", "postgresql+")
KINDS = "http://, https:// or postgresql://"
SECONDS_TO_CONNECT = "10"
SECRET = re.compile(r"([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)([^&]*)", re.IGNORECASE)


def checked_address(text: str | None) -> str | None:
    """Return the address of a tracking server; raises `ConfigError` where it can be none.

    An address of another kind in MLflow's own variable is meant for other programs: None.
    """
    if not text:
        return None
    scheme = text.partition(":")[0].partition("+")[0].lower()
    if scheme in ("http", "https"):
        return _checked_http(text)
    if scheme == "postgresql":
        return _checked_database(text)
    if VARIABLE in unused_variables() and text == os.environ[VARIABLE]:
        return None
    raise ConfigError(
        f"--tracking-uri {shown(text)!r:.200} is no server: give {KINDS}. The copy in a file is"
        " made anyway, beside the records."
    )


def unused_variables() -> list[str]:
    """Return which of MLflow's variables lead to places that nothing is copied to."""
    is_server = os.environ.get(VARIABLE, "").startswith(SERVERS)
    return [name for name in (VARIABLE, REGISTRY) if os.environ.get(name)][is_server:]


def _checked_http(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = bool(parts.hostname) and parts.port != 0 and not re.search(r"[\s\\]", text)
    except ValueError:
        is_good = False
    if is_good and not parts.query and not parts.fragment:
        return text.rstrip("/")
    raise ConfigError(
        f"--tracking-uri {shown(text)!r:.200} is no address of a server: write"
        " http://HOST:PORT or https://HOST."
    )


def _checked_database(text: str) -> str:
    """Return the address with a driver that is installed, and an end to waiting for the server."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or not url.database:
        raise ConfigError(
            f"--tracking-uri {shown(text)!r:.200} is no address of a database: write"
            " postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    driver = url.drivername.partition("+")[2]
    if importlib.util.find_spec(driver) is None:
        raise ConfigError(
            f"--tracking-uri {shown(text)!r:.200}: the driver '{driver}' is not installed."
            " Run: pip install 'mer-benchmark[postgres]'"
        )
    query = {"connect_timeout": SECONDS_TO_CONNECT, **url.query}
    return url.set(query=query).render_as_string(hide_password=False)


def shown(url: str) -> str:
    """Return an address without its password, whether before the host or among the options."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, who = head.partition("://")
    # a user of http without a password is a token
    user = "***" if scheme.startswith("http") else who.partition(":")[0]
    without = f"{scheme}{slashes}{user}{at}{tail}" if at else url
    return SECRET.sub(r"\1***", without)


def without_secrets(text: str, url: str) -> str:
    """Return an error's text, in which a driver may repeat the secrets of an address."""
    secrets = [match[2] for match in SECRET.finditer(url)]
    user, _, password = url.rpartition("@")[0].partition("://")[2].partition(":")
    secrets += [password, user if url.startswith("http") else ""]
    for secret in filter(None, secrets):
        for form in (secret, unquote(secret)):
            text = text.replace(form, "***")
    return text
