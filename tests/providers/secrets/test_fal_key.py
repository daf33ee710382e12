"""fal's key in a real Vault, beside Hugging Face's token."""

from __future__ import annotations

import pytest

from providers.secrets import put_token
from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from schemas.secrets import Secret
from tests.support.bao import CANARY
from tests.support.command import answered, pricehouse
from tests.support.home_files import contents
from tests.support.hours import mapped_model, mapping, offering, routed_model

KEY = "fal-canary-key-in-vault"
CATALOG = Catalog(
    [mapped_model("acme/f", mapping("fal-ai", providerId="fal/f", task="text-to-image"))],
    router=[routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))],
)
ROW = '{"endpoint_id": "fal/f", "unit_price": 0.003, "unit": "images", "currency": "USD"}'


def fal_of(report):
    (feed,) = [feed for feed in report["feeds"] if feed["feed"] == "fal_pricing"]
    return feed


@pytest.mark.slow
def test_fal_is_skipped_without_its_key_in_vault_and_read_with_it(bao, tmp_path):
    lists = PriceLists(fal={"fal/f": ROW}, fal_key=KEY)
    # A mount of its own: other tests share this Vault, and fal would be read in their runs too.
    bao.admin().sys.enable_secrets_engine("kv", path="with-fal", options={"version": "2"})
    environment = bao.environment(PRICEHOUSE_VAULT_MOUNT="with-fal")
    put_token(environment, Secret(CANARY))
    with serve(CATALOG, price_lists=lists) as hub:
        done = pricehouse("ingest", "--json", home=tmp_path, url=hub.url, **environment)
        feed = fal_of(answered(done))
        assert (feed["outcome"], feed["error_code"]) == ("skipped", "no_key")
        assert "fal/api_key" in feed["error"]
        assert pricehouse("secrets", "check", "fal", home=tmp_path, **environment).returncode == 1
        put = pricehouse("secrets", "put", "fal", home=tmp_path, stdin=KEY, **environment)
        assert put.returncode == 0, put.stderr
        found = answered(
            pricehouse("secrets", "check", "fal", "--json", home=tmp_path, **environment)
        )
        assert (found["source"], found["path"], found["field"]) == (
            "vault",
            "fal/api_key",
            "api_key",
        )
        done = pricehouse("ingest", "--json", home=tmp_path, url=hub.url, **environment)
        assert fal_of(answered(done))["outcome"] == "complete"
    sent = {
        request.headers["authorization"]
        for request in lists.requests
        if "endpoint_id" in request.target
    }
    assert sent == {f"Key {KEY}"}
    kept = b"".join(body for _, body in contents(tmp_path))
    assert KEY.encode() not in kept
    assert CANARY.encode() not in kept
    assert KEY not in put.stdout + put.stderr + done.stdout + done.stderr


def test_check_reports_the_place_of_fal_s_key_and_not_the_key(tmp_path):
    none = pricehouse("secrets", "check", "fal", home=tmp_path)
    assert none.returncode == 0
    assert "FAL_KEY" in none.stdout
    assert "not fetched" in none.stdout
    found = pricehouse("secrets", "check", "fal", home=tmp_path, FAL_KEY=KEY)
    assert "environment variable FAL_KEY" in found.stdout
    assert KEY not in found.stdout + found.stderr
