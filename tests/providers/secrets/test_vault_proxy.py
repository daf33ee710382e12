"""Vault through proxies, and past them."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from providers.secrets import find_token
from schemas.errors import SecretError, SettingsError
from tests.support.bao import CANARY
from tests.support.proxies import PROXY_CANARY, http_proxy, socks_proxy
from tests.support.raw_server import unused_port

DEAD = {
    "HTTP_PROXY": f"http://ada:{PROXY_CANARY}@127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "NO_PROXY": "[::1],fd00::/8",
}


def test_vault_on_this_machine_is_reached_without_a_proxy(bao) -> None:
    found = find_token(bao.environment(**DEAD))
    assert found is not None
    assert found.secret.reveal() == CANARY


@pytest.mark.parametrize("no_proxy", ["", "other.test"])
def test_vault_is_reached_through_the_proxy(bao, no_proxy: str) -> None:
    port = int(bao.url.rpartition(":")[2])
    with http_proxy({"vault.test": port}, login=f"ada:{PROXY_CANARY}") as proxy:
        environment = bao.environment(
            VAULT_ADDR="http://vault.test:8200", HTTP_PROXY=proxy.url_with_login, NO_PROXY=no_proxy
        )
        found = find_token(environment)
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert set(proxy.targets) == {"vault.test:8200"}


def test_vault_is_reached_through_a_socks_proxy(bao) -> None:
    """Or, in an environment of before, the missing package is named."""
    port = int(bao.url.rpartition(":")[2])
    with socks_proxy({"vault.test": port}, login=f"ada:{PROXY_CANARY}") as proxy:
        environment = bao.environment(
            VAULT_ADDR="http://vault.test:8200", ALL_PROXY=proxy.url_with_login
        )
        if find_spec("socks") is None:
            with pytest.raises(SettingsError, match=r"^ALL_PROXY is a SOCKS proxy.*PySocks"):
                find_token(environment)
            return
        found = find_token(environment)
    assert found is not None
    assert found.secret.reveal() == CANARY
    assert set(proxy.targets) == {"vault.test:8200"}


def test_a_proxy_that_is_down_is_named(bao) -> None:
    url = f"http://ada:{PROXY_CANARY}@127.0.0.1:{unused_port()}"
    with pytest.raises(SecretError) as raised:
        find_token(bao.environment(VAULT_ADDR="https://vault.test", HTTPS_PROXY=url))
    assert raised.value.code == "vault_unreachable"
    assert "HTTPS_PROXY" in str(raised.value)
    assert PROXY_CANARY not in str(raised.value)


def test_no_proxy_excepts_vault(bao) -> None:
    environment = bao.environment(
        **DEAD | {"VAULT_ADDR": "http://vault.invalid", "NO_PROXY": "*.invalid"}
    )
    with pytest.raises(SecretError, match=r"^Vault at http://vault.invalid: no connection"):
        find_token(environment)
