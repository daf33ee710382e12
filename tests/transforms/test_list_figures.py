"""Each row of the recorded excerpts, its figure recomputed by hand, with the formula beside it.

The amounts here were worked out from the rows with pencil and paper, not with this code.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from samples.list_routes import rows_of
from tests.support.price_claims import claims

PRICES = Path(__file__).parents[2].parent / "shared" / "recordings" / "prices"
pytestmark = pytest.mark.skipif(
    not PRICES.is_dir(), reason="the recordings beside the checkout are not here"
)

IMAGE = "round_12_digits(cents_per_image_unit * 0.01)"
DEEPINFRA = [
    # id, task group, unit, amount, formula; or None and the reason
    ("Wan-AI/Wan2.6-Image-Edit", "image", "image", "0.03", IMAGE),
    ("deepseek-ai/Janus-Pro-1B", "image", "image", "0.0005", IMAGE),
    ("stabilityai/sd3.5-medium", "image", "request", None, "deprecated_in_list"),
    ("stabilityai/stable-diffusion-2-1", "image", "request", None, "deprecated_in_list"),
    ("openai/whisper-base", "audio", "request", None, "deprecated_in_list"),
    ("nvidia/Cosmos3-Super", "video", "request", None, "unit_not_convertible"),
    (
        "Bria/video_foreground_mask",
        "video",
        "second_of_video",
        "0.14",
        "round_12_digits(cents_per_output_sec * 0.01)",
    ),
    ("XiaomiMiMo/MiMo-V2.5-tts-voiceclone", "audio", "character", None, "zero_not_stated_free"),
    ("Zyphra/Zonos-v0.1-transformer", "audio", "request", None, "deprecated_in_list"),
    ("black-forest-labs/FLUX-2-pro", "image", "image", "0.015", IMAGE),
    ("black-forest-labs/FLUX.1-Kontext-dev", "image", "image", "0.01", IMAGE),
    ("black-forest-labs/FLUX-1-Redux-dev", "image", "image", "0.012", IMAGE),
    ("Wan-AI/Wan2.1-T2V-1.3B", "video", "request", None, "deprecated_in_list"),
    (
        "inworld-ai/realtime-tts-2",
        "audio",
        "character",
        "0.000035",
        "round_12_digits(cents_per_input_chars * 0.01)",
    ),
    (
        "PrunaAI/p-video-avatar",
        "video",
        "second_of_video",
        "0.0225",
        "round_12_digits(cents_per_output_sec * 0.01)",
    ),
    (
        "mistralai/Voxtral-Mini-3B-2507",
        "audio",
        "second_of_audio",
        "0.0000166667",
        "round_12_digits(cents_per_input_sec * 0.01)",
    ),
    ("Bria/fibo", "image", "image", "0.04", IMAGE),
    (
        "openai/whisper-large-v3",
        "audio",
        "second_of_audio",
        "0.0000075",
        "round_12_digits(cents_per_input_sec * 0.01)",
    ),
    ("black-forest-labs/FLUX-2-klein-9b", "image", "image", "0.015", IMAGE),
    (
        "Pixverse/Pixverse-T2V",
        "video",
        "run",
        "0.2",
        IMAGE + "; for a video an image unit is one video, and one run makes one",
    ),
    (
        "google/nano-banana-2",
        "image",
        "input_token",
        "0.00006",
        "round_12_digits(cents_per_input_token * 0.01)",
    ),
]

BY_IMAGE = "round_12_digits(base_price * 0.000001); one run makes one image"
BY_RUN = "round_12_digits(base_price * 0.000001)"
BY_LENGTH = "round_12_digits(base_price * 0.000001) / 5"
WAVESPEED = [
    ("wavespeed-ai/flux-1-srpo", "image", "image", "0.025", BY_IMAGE),
    ("wavespeed-ai/flux-1.1-pro", "image", "image", "0.04", BY_IMAGE),
    ("wavespeed-ai/flux-2-dev/edit", "image", "image", "0.024", BY_IMAGE),
    ("wavespeed-ai/flux-2-dev/edit-lora", "image", "image", "0.03", BY_IMAGE),
    ("wavespeed-ai/flux-2-dev/text-to-image", "image", "image", "0.012", BY_IMAGE),
    ("wavespeed-ai/flux-2-dev/text-to-image-lora", "image", "image", "0.018", BY_IMAGE),
    ("wavespeed-ai/flux-2-klein-4b/edit", "image", "image", "0.012", BY_IMAGE),
    ("wavespeed-ai/flux-2-klein-4b/text-to-image", "image", "image", "0.008", BY_IMAGE),
    ("wavespeed-ai/flux-2-klein-9b/edit", "image", "image", "0.016", BY_IMAGE),
    ("wavespeed-ai/flux-2-klein-9b/text-to-image", "image", "image", "0.01", BY_IMAGE),
    ("wavespeed-ai/flux-dev", "image", "image", "0.012", BY_IMAGE),
    ("wavespeed-ai/flux-dev-lora", "image", "image", "0.015", BY_IMAGE),
    ("wavespeed-ai/flux-dev-ultra-fast", "image", "image", "0.005", BY_IMAGE),
    ("wavespeed-ai/flux-kontext-dev", "image", "image", "0.025", BY_IMAGE),
    ("wavespeed-ai/flux-kontext-dev-lora", "image", "image", "0.03", BY_IMAGE),
    ("wavespeed-ai/flux-schnell", "image", "image", "0.003", BY_IMAGE),
    ("wavespeed-ai/qwen-image/edit", "image", "image", "0.02", BY_IMAGE),
    ("wavespeed-ai/qwen-image/edit-2511", "image", "image", "0.02", BY_IMAGE),
    ("wavespeed-ai/qwen-image/edit-plus", "image", "image", "0.02", BY_IMAGE),
    ("wavespeed-ai/qwen-image/edit-plus-lora", "image", "image", "0.025", BY_IMAGE),
    ("wavespeed-ai/qwen-image/text-to-image", "image", "image", "0.02", BY_IMAGE),
    ("wavespeed-ai/qwen-image/text-to-image-2512", "image", "image", "0.02", BY_IMAGE),
    ("wavespeed-ai/qwen3-tts/text-to-speech", "audio", "run", "0.005", BY_RUN),
    ("wavespeed-ai/wan-2.1/i2v-480p", "video", "run", "0.2", BY_RUN),
    ("wavespeed-ai/wan-2.1/i2v-720p", "video", "run", "0.3", BY_RUN),
    ("wavespeed-ai/wan-2.1/t2v-480p", "video", "run", "0.2", BY_RUN),
    ("wavespeed-ai/wan-2.1/t2v-480p-ultra-fast", "video", "run", "0.125", BY_RUN),
    ("wavespeed-ai/wan-2.1/t2v-720p", "video", "run", "0.3", BY_RUN),
    ("wavespeed-ai/wan-2.2/i2v-720p", "video", "second_of_video", "0.06", BY_LENGTH),
    ("wavespeed-ai/wan-2.2/i2v-720p-ultra-fast", "video", "second_of_video", "0.02", BY_LENGTH),
    ("wavespeed-ai/wan-2.2/image-to-video", "video", "run", "0.15", BY_RUN),
    ("wavespeed-ai/wan-2.2/image-to-video-lora", "video", "run", "0.2", BY_RUN),
    ("wavespeed-ai/wan-2.2/t2v-5b-720p", "video", "run", "0.05", BY_RUN),
    ("wavespeed-ai/wan-2.2/t2v-720p", "video", "second_of_video", "0.06", BY_LENGTH),
    ("wavespeed-ai/z-image/base", "image", "image", "0.01", BY_IMAGE),
    ("wavespeed-ai/z-image/turbo", "image", "image", "0.005", BY_IMAGE),
    ("wavespeed-ai/z-image/turbo-lora", "image", "image", "0.01", BY_IMAGE),
]
TABLES = {"deepinfra_list": DEEPINFRA, "wavespeed_list": WAVESPEED}


def excerpt(feed: str) -> list[str]:
    return rows_of((PRICES / f"{feed}_excerpt.json").read_text("utf-8"))


@pytest.mark.parametrize("feed", TABLES)
def test_the_table_names_every_row_of_the_excerpt(feed: str) -> None:
    rows = excerpt(feed)
    assert len(rows) == len(TABLES[feed]) == {"deepinfra_list": 21, "wavespeed_list": 37}[feed]
    for row, (name, *_) in zip(rows, TABLES[feed], strict=True):
        assert f'"{name}"' in row


@pytest.mark.parametrize(
    ("feed", "name", "group", "unit", "amount", "formula"),
    [(feed, *line) for feed, lines in TABLES.items() for line in lines],
)
def test_a_row_s_figure_is_the_one_worked_out_by_hand(
    feed: str, name: str, group: str, unit: str, amount: str | None, formula: str
) -> None:
    (found,) = claims(feed, excerpt(feed), name, group=group)
    assert (found["unit"], found["currency"]) == (unit, "USD")
    if amount is None:
        assert (found["amount"], found["reason"]) == (None, formula)
        assert found["price_status"] in {"suspect", "not_published"}
    else:
        assert (found["amount"], found["formula"]) == (Decimal(amount), formula)
        assert (found["price_status"], found["reason"]) == ("priced", None)
    assert found["raw_text"] in found["evidence"]
    assert found["native_amount"] is not None
