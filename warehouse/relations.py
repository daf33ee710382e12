"""The published relations and their keys: what a publication must show and an export writes."""

from __future__ import annotations

RELATIONS: dict[str, tuple[str, ...]] = {
    "publication": ("publication_id",),
    "offers": ("offer_id",),
    "cards": ("offer_id",),
    "prices": ("offer_id", "unit", "tier"),
    "price_history": ("offer_id", "unit", "tier", "valid_from", "recorded_at"),
    "price_claims": ("offer_id", "unit", "tier", "feed", "valid_from", "recorded_at"),
    "changes": ("change_id",),
    "price_changes": ("change_id",),
    "status_history": ("offer_id", "valid_from"),
    "speed_history": ("offer_id", "observed_at", "run_id"),
    "models": ("model_id",),
    "providers": ("inference_provider",),
    "sources": ("feed",),
    "feeds": ("feed",),
    "compliance_claims": ("claim_id",),
    "runs": ("started_at", "run_id"),
    "run_feeds": ("run_id", "feed"),
    "gaps": ("feed", "from_at"),
    "checks": ("check_id",),
    "rejected_rows": ("run_id", "feed", "payload_hash", "json_path", "record_key"),
    "offer_links": ("at", "old_offer_id", "new_offer_id"),
    "alerts": ("opened_at", "alert_id"),
}
"""Relation → columns that order it; the order of an export, and unique but for rejected_rows."""
