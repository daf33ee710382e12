"""fal's key in a real Vault, beside Hugging Face's token."""

from __future__ import annotations

from samples.hub import serve
from samples.list_routes import PriceLists
from tests.pipeline.test_price_lists import fal_row, mapped
from tests.support.bao import CANARY
from tests.support.command import answered, pricehouse

KEY = "fal-canary-key-in-vault"
CATALOG = mapped(("acme/f", "fal-ai", "fal/f", "text-to-image"))


def fal_of(report):
    (feed,) = [feed for feed in report["feeds"] if feed["feed"] == "fal_pricing"]
    return feed


def test_a_vault_without_fal_s_key_skips_fal_and_with_it_asks_fal(bao, tmp_path):
    lists = PriceLists(fal={"fal/f": fal_row("fal/f", "0.003")}, fal_key=KEY)
    environment = bao.environment()
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
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in kept
    assert CANARY.encode() not in kept
    assert KEY not in put.stdout + put.stderr + done.stdout + done.stderr


def test_where_fal_s_key_is_and_that_there_is_none_is_said_without_it(tmp_path):
    none = pricehouse("secrets", "check", "fal", home=tmp_path)
    assert none.returncode == 0
    assert "FAL_KEY" in none.stdout
    assert "not asked for" in none.stdout
    found = pricehouse("secrets", "check", "fal", home=tmp_path, FAL_KEY=KEY)
    assert "environment variable FAL_KEY" in found.stdout
    assert KEY not in found.stdout + found.stderr
