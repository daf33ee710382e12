"""The names of costs, reasons, tiers, groups and regions as buyers read them."""

from __future__ import annotations

PER_MILLION = "per 1M tokens"
COSTS = {
    "cost_per_image": "per image (1024×1024)",
    "cost_per_audio_minute": "per minute of audio",
    "cost_per_video_second": "per second of video",
    "cost_per_million_characters": "per 1M characters",
}
"""Column of a card → its unit; token prices have texts of their own."""
REASONS = {
    "adapter_without_own_price": "an adapter runs on another model and has no price of its own",
    "not_stated": "the price lists of this provider state no price for it",
    "compute_time_only": "billed by compute time and hardware",
    "list_not_read": "its price list is not read here",
    "listed_without_price": "listed without a price",
    "no_list_published": "the provider publishes no usable price list",
    "none_seen": "no price found in any list that is read",
    "not_in_registry": "the provider is new and not in the registry yet",
    "zero_not_stated_free": "a price of 0 that no source states as free",
    "stated_free_but_priced": "stated as free, but with a price",
    "not_a_usable_number": "the stated number is not a usable price",
    "outside_bounds": "a price outside the plausible range; under review",
    "unlike_peers": "a price far from those of comparable offers; under review",
    "unit_not_of_task": "priced per token, which is no price of what it makes",
    "refused": "a price that is under review or was rejected",
    "corrected": "corrected by a person; the offer's page shows who and why",
    "price_of_adapter_rule": "the stated price is the mapping rule's, not the adapter's",
    "ambiguous_attachment": "the provider has several entries of the model, and it is not known "
    "which one this price is for",
    "account_price_not_shown": "its list states a price for one account only",
    "deprecated_in_list": "the provider's list marks it as deprecated",
    "stated_in_words": "the provider's list states the price in a sentence that is not read",
    "unit_not_convertible": "priced in a unit that cannot be compared with others",
    "tiers_not_stated": "its list states prices by length of context in a form that is not read",
    "unknown_tier": "its list prices a service tier that is not known",
    "not_offered": "its list states no charge or none on offer",
    "listed_twice": "its list has it twice, with two prices",
    "discount_not_understood": "its list states a discount in an unknown form",
    "discount_end_not_understood": "its list states the end of a discount in an unknown form",
    "list_off": "the provider's price list is not read here",
    "list_needs_key": "the provider's price list requires a key",
    "list_unanswered": "the provider's price list has not been read completely yet",
    "no_standard_price": "its list states prices of other tiers or of cached tokens only",
    "unit_doubt": "its unit is in doubt: it is far from the price that it is like",
    "unreadable_price": "the source now states a price that cannot be read",
    "unconfirmed_price": "the price moved beside a key that is not known",
    "provider_price_drift": "too many prices of the provider cannot be read",
}
FREE = "free (stated by the source)"
CACHED = {
    "not_offered": "not offered",
    "not_stated": "not stated",
    "under_review": "under review",
}
"""What is stated about cached input tokens, other than a price."""
TIERS = {
    "standard": "standard",
    "flex": "flex (slower)",
    "priority": "priority (faster)",
    "batch": "batch (later)",
}
GROUPS = {
    "text": "Text",
    "image": "Images",
    "audio": "Audio",
    "video": "Video",
    "embedding": "Embeddings",
    "other": "Other",
}
REGIONS = {
    "eu": "EU",
    "eea": "EEA",
    "us": "US",
    "multi": "Multiple regions",
    "unverified": "unverified",
}
