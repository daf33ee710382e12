"""Write docs/compliance.md from the claims: python -m scripts.docs.compliance > docs/compliance.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from providers.registry import load_claims, load_registry
from schemas.compliance import ComplianceClaim
from transforms.compliance import describe_providers, expires_on

HEAD = """# What is known of law, place and data

Who serves where, under whose law, and what becomes of what is sent: as far as a page of the provider or of Hugging Face says so. The page is made from `providers/compliance_claims.json` by `python -m scripts.docs.compliance > docs/compliance.md`; a test holds the two equal. It is no legal advice, and nothing here says that a use is lawful: that depends on your role, your contract and your data, none of which is known here.

Each claim has a source, the day on which somebody read it ({checked}) and a confidence. It counts for {days} days; then it is in force no more, tags and regions that rest on it fall to `unverified`, and the checks `claim_expired` and `provider_fact_changed` say so. A claim of low confidence is shown and proves nothing.

## What a tag proves, and what not

| tag | it proves | it does not prove |
|---|---|---|
| `eu-hosted` | every site where the product runs by default that the provider names lies in the EU (EU-27) | that no other company's law reaches in: an endpoint in the EU in front of an operator elsewhere is two facts, and both are shown. Nor where the middle hop is: Hugging Face's router has no stated location |
| `eu-operator` | the company that answers for the service is under the law of an EU country | where it runs |
| `no-retention` | the provider says that it does not keep requests and answers by default | that nothing is ever kept: several keep data on errors, on suspected abuse or in asynchronous modes; read the claim. Hugging Face keeps logs of its own for up to 30 days |
| `no-training` | the provider says that it does not train on what is sent, by default | what it does with measurements of the traffic |
| `dpa-available` | the provider offers a data processing agreement by default | that you have one: through Hugging Face your contract is with Hugging Face |

**Default only.** Cards, regions and tags rest on default claims alone. What is *optional* or *enterprise* needs a contract of your own with that provider; calls that are billed through Hugging Face do not get it. Such claims stand apart below, and in `compliance_claims` with `applies`.

**Regions.** `eu`, `eea` and `us` only where every known default site lies in it; several regions are `multi`; without a claim of high or medium confidence `unverified`. A company's name proves no country. To filter, see `cards_in` in [sql.md](sql.md): strictly (proven) or leniently (not disproved).

"""  # noqa: E501 - a paragraph of Markdown is one line
TABLE = """| claim | value | what the page says | source | confidence | expires |
|---|---|---|---|---|---|
"""


def compliance_page() -> str:
    """Return the page as Markdown, as of the day on which the newest claim was checked."""
    registry, claims = load_registry(), load_claims().claims
    checked = max(claim.checked_on for claim in claims)
    told = describe_providers(registry, claims, [], today=checked).to_dicts()
    head = HEAD.format(checked=checked, days=registry.claim_expires_after_days)
    parts = [head, "## Provider by provider\n"]
    for row in told:
        own = [c for c in claims if c.inference_provider == row["inference_provider"]]
        if own:
            parts.append(_provider(row, own))
    silent = [
        row["inference_provider"]
        for row in told
        if not any(c.inference_provider == row["inference_provider"] for c in claims)
    ]
    parts.append(
        "\n### Without any claim\n\nNo page of theirs or of Hugging Face was found that says "
        f"anything of this product: {', '.join(silent)}. Region `unverified`, operator unknown, "
        "no tags.\n"
    )
    return "".join(parts)


def _provider(row: dict[str, object], claims: list[ComplianceClaim]) -> str:
    tags = row["compliance_tags"]
    shown = ", ".join(f"`{tag}`" for tag in tags) if isinstance(tags, list) and tags else "no tags"
    where = f"`{row['region']}`"
    if row["region_confidence"]:
        where += f" ({row['region_confidence']} confidence)"
    country = row["operator_country"] or "unknown"
    default = [c for c in claims if c.applies == "default"]
    apart = [c for c in claims if c.applies != "default"]
    text = (
        f"\n### {row['inference_provider']}\n\n"
        f"Cards say: region {where}, operator's country {country}, {shown}.\n"
    )
    if default:
        text += "\n" + TABLE + _rows(default)
    if apart:
        text += "\nOnly with a contract of your own, never on cards:\n\n" + TABLE + _rows(apart)
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
