"""The end of `pricehouse --help`: every setting, the secrets, and the exit status.

It is read with the standard library alone, because loading the registry properly takes longer than
all the rest of `--help`; a test holds both readings equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_REGISTRY = Path(__file__).resolve().parents[1] / "providers" / "provider_registry.json"

_EPILOG = """\b
Settings, all from the environment, all optional:
  PRICEHOUSE_HOME            the folder that holds everything (default ./data; the demo:
                             ./data/demo); the option --home overrides it
{addresses}
  PRICEHOUSE_ENABLE_FEEDS    feeds to read that are off by default, separated by commas:
                             {off}
  PRICEHOUSE_ACCOUNT_PRICES  show: publish prices that only your own account has
  PRICEHOUSE_CORS_ORIGINS    origins whose pages may read the API of `serve`, like
                             https://shop.example, separated by commas, or * (default none)
  PRICEHOUSE_MCP_HOSTS       names by which clients reach /mcp of `serve` through a proxy, like
                             prices.example, separated by commas (default none)
  PRICEHOUSE_ROOT_PATH       path under which a proxy serves `serve`, like /prices (default none);
                             its option --root-path overrides it
  PRICEHOUSE_STORE           s3://bucket/prefix or a folder, which has the landing and the
                             publications too (needs pricehouse[lake]); address and keys are
                             the variables of AWS, or store/keys in Vault
  PRICEHOUSE_WAREHOUSE       ducklake:postgres:dbname=… host=…: the shared warehouse that records
                             every run, its tables in the store (needs pricehouse[lake]); the
                             password is in PGPASSFILE, PGPASSWORD or postgres/api_key in Vault
  PRICEHOUSE_ALERT_URLS      addresses of Apprise that alerts are sent to, like mailto://…,
                             separated by spaces or commas, else alerts/urls in Vault
  PRICEHOUSE_STALE_AFTER     from which age on data is stale (default 2h)
  PRICEHOUSE_ALERT_MOVE      from how many percent on a price that moves is an alert
                             (default 25)
  OTEL_EXPORTER_OTLP_ENDPOINT
                             an OpenTelemetry collector, like http://127.0.0.1:4318, to which a
                             run sends the spans of its steps (needs pricehouse[otel])
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY
                             proxies, like http://proxy.example:3128 or socks5://…
  NO_PROXY                   hosts, domains and networks that are asked without one

\b
The token of huggingface.co; without one it is read anonymously, at a lower pace:
  VAULT_ADDR                 a Vault (or OpenBao); while it is set, HF_TOKEN is not read
  VAULT_TOKEN                the login, or VAULT_ROLE_ID and VAULT_SECRET_ID (AppRole)
  VAULT_TOKEN_FILE, VAULT_ROLE_ID_FILE, VAULT_SECRET_ID_FILE
                             files that hold them; each run reads them anew
  VAULT_CACERT               PEM file of the CA that signed Vault's certificate
  VAULT_NAMESPACE            its namespace
  PRICEHOUSE_VAULT_MOUNT     the mount of its KV engine (default secret); the secret is
                             huggingface/api_key, or api_key in a mount huggingface
  HF_TOKEN                   the token itself, where there is no Vault
  HF_TOKEN_FILE              or a file that holds it; each run reads it anew

\b
Keys of price lists; a list without its key is not fetched: fal/api_key, fireworks/api_key
and together/api_key in that Vault, else
  FAL_KEY, FIREWORKS_API_KEY, TOGETHER_API_KEY
                             the key itself, where there is no Vault
  FAL_KEY_FILE, FIREWORKS_API_KEY_FILE, TOGETHER_API_KEY_FILE
                             or a file that holds it; each run reads it anew

\b
Exit status: 0 done (held rows are listed and are no failure); 1 a required feed failed
or nothing could be published, readers keep the last good publication; 2 wrong usage,
settings or kind of home.
"""


def _default(feed: dict[str, Any], feeds: list[dict[str, Any]]) -> str:
    """Return the default address of a feed: its own, or that of the catalogue that it repeats."""
    settings = {other["feed"]: other["setting"] for other in feeds}
    return str(settings.get(feed.get("compares")) or feed["base_url"].rstrip("/"))


def epilog() -> str:
    """Return the text, with the feeds of the packaged registry."""
    registry = json.loads(_REGISTRY.read_bytes())
    feeds: list[dict[str, Any]] = [feed for s in registry["sources"] for feed in s["feeds"]]
    return _EPILOG.format(
        addresses="\n".join(line for feed in feeds for line in _addresses(feed, feeds)),
        off=", ".join(feed["feed"] for feed in feeds if not feed["enabled"]),
    )


def _addresses(feed: dict[str, Any], feeds: list[dict[str, Any]]) -> Iterator[str]:
    yield f"  {feed['setting']:<27}{feed['feed']}, or a gateway (default {_default(feed, feeds)})"
    if details := feed.get("details"):
        yield f"  {details['setting']}"
        yield f"{'':<29}its answers about single products (default: that gateway,"
        yield f"{'':<29}else {details['base_url'].rstrip('/')})"
