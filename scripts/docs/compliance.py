"""Write docs/compliance.md: python -m scripts.docs.compliance > docs/compliance.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from providers.registry import load_claims, load_registry
from schemas.compliance import ComplianceClaim
from transforms.compliance import describe_providers, expires_on

HEAD = """# Regions, law and data of providers

This page lists where each provider serves, under whose law, and how it uses the data of requests, where a page of the provider or of Hugging Face states it. `python -m scripts.docs.compliance > docs/compliance.md` writes this page from `providers/compliance_claims.json`; a test compares the two. It is no legal advice and does not state that a use is lawful: that depends on your role, your contract and your data, which pricehouse does not know.

Each claim has a source, the day on which a person read it ({checked}) and a confidence. It is in force for {days} days. Then the tags and regions that rest on it become `unverified`, and the checks `claim_expired` and `provider_fact_changed` report it. A claim of low confidence is shown and proves nothing. A claim about a provider that left Hugging Face stays on record and is not in force from the day on which it left: calls through Hugging Face no longer reach it.

```sql
SELECT inference_provider, claim, value, source_url FROM compliance_claims WHERE in_force;
```

## What a tag proves

| tag | it proves | it does not prove |
|---|---|---|
| `eu-hosted` | every site where the product runs by default that the provider names lies in the EU (EU-27) | that no other company's law applies: an endpoint in the EU in front of an operator elsewhere is two facts, and cards show both. Nor where the hop between is: Hugging Face's router has no stated location |
| `eu-operator` | the company that answers for the service is under the law of an EU country | where it runs |
| `no-retention` | the provider states that it does not keep requests and answers by default | that nothing is ever kept: several keep data on errors, on suspected abuse or in asynchronous modes; read the claim. Hugging Face keeps logs of its own for up to 30 days |
| `no-training` | the provider states that it does not train on requests, by default | what it does with measurements of the traffic |
| `dpa-available` | the provider offers a data processing agreement by default | that you have one: through Hugging Face your contract is with Hugging Face |

**Default only.** Cards, regions and tags rest on default claims alone. An *optional* or *enterprise* claim needs a contract of your own with that provider; calls that are billed through Hugging Face do not get it. Such claims are in tables of their own below, and in `compliance_claims` with `applies`.

**Regions.** `eu`, `eea` and `us` only where every known default site is in it; several regions are `multi`; without a claim of high or medium confidence `unverified`. A company's name proves no country. To filter, see `cards_in` in [sql.md](sql.md): strictly (proven) or leniently (not disproved).

"""  # noqa: E501 - a paragraph of Markdown is one line
TABLE = """| claim | value | what the page states | source | confidence | expires |
|---|---|---|---|---|---|
"""


def compliance_page() -> str:
    """Return the page as Markdown, as of the day on which the newest claim was checked."""
    registry, claims = load_registry(), load_claims().claims
    checked = max(claim.checked_on for claim in claims)
    rows = describe_providers(registry, claims, [], today=checked).to_dicts()
    head = HEAD.format(checked=checked, days=registry.claim_expires_after_days)
    parts = [head, "## Claims by provider\n"]
    for row in rows:
        own = [c for c in claims if c.inference_provider == row["inference_provider"]]
        if own:
            parts.append(_provider(row, own))
    without_claims = [
        row["inference_provider"]
        for row in rows
        if not any(c.inference_provider == row["inference_provider"] for c in claims)
    ]
    parts.append(
        "\n### Providers without claims\n\nNo page of these providers or of Hugging Face was found "
        f"that states anything about the product: {', '.join(without_claims)}. "
        "Region `unverified`, operator unknown, no tags.\n"
    )
    return "".join(parts)


def _provider(row: dict[str, object], claims: list[ComplianceClaim]) -> str:
    tags = row["compliance_tags"]
    tag_list = (
        ", ".join(f"`{tag}`" for tag in tags) if isinstance(tags, list) and tags else "no tags"
    )
    where = f"`{row['region']}`"
    if row["region_confidence"]:
        where += f" ({row['region_confidence']} confidence)"
    country = row["operator_country"] or "unknown"
    default = [c for c in claims if c.applies == "default"]
    conditional = [c for c in claims if c.applies != "default"]
    left = ""
    if row["left_on"]:
        left = (
            f"Left Hugging Face on {row['left_on']} ([source]({row['left_source']})): none of "
            "these claims is in force.\n\n"
        )
    text = (
        f"\n### {row['inference_provider']}\n\n{left}"
        f"Cards show: region {where}, operator's country {country}, {tag_list}.\n"
    )
    if default:
        text += "\n" + TABLE + _rows(default)
    if conditional:
        text += (
            "\nOnly with a contract of your own, never on cards:\n\n" + TABLE + _rows(conditional)
        )
    return text


def _rows(claims: Iterable[ComplianceClaim]) -> str:
    registry = load_registry()
    return "".join(
        f"| {claim.claim}{'' if claim.applies == 'default' else f' ({claim.applies})'} "
        f"| {_value(claim)} | {claim.paraphrase.replace('|', chr(92) + '|')} "
        f"| [page]({claim.source_url}) | {claim.confidence} | {expires_on(claim, registry)} |\n"
        for claim in claims
    )


def _value(claim: ComplianceClaim) -> str:
    return claim.value if isinstance(claim.value, str) else ", ".join(claim.value)


if __name__ == "__main__":
    sys.stdout.write(compliance_page())
