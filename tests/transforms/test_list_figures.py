"""Each row of the recorded lists, its figure recomputed by hand, with the formula beside it.

The amounts here were worked out from the rows with pencil and paper, not with this code.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.price_claims import claims
from tests.support.recorded_lists import recorded_files

IMAGE = "round_12_digits(cents_per_image_unit * 0.01)"
VIDEO = IMAGE + "; for a video an image unit is one video, and one run makes one"
CHARACTER = "round_12_digits(cents_per_input_chars * 0.01)"
IN = "round_12_digits(cents_per_input_sec * 0.01)"
OUT = "round_12_digits(cents_per_output_sec * 0.01)"
INPUT_TOKENS = "round_12_digits(cents_per_input_token * 0.01)"
OUTPUT_TOKENS = "round_12_digits(cents_per_output_token * 0.01)"
FULL = "round_12_digits(pricing.full: {})"
PRO_1K = FULL.format('"1120 tokens ($0.134) for 1k and 2k (roughly 1mp and 4mp)"')
PRO_4K = FULL.format('"and 2000 tokens ($0.24) for 4k (roughly 16mp)"')
DEEPINFRA: list[tuple[str, str, str, str | None, str]] = [
    # id, task group, unit, amount, formula; or None and the reason
    (
        "nvidia/Cosmos3-Super",
        "video",
        "second_of_video",
        "0.05",
        'round_12_digits(pricing.short: "$0.0500 / second (720p)")',
    ),
    ("black-forest-labs/FLUX-1-dev", "image", "image", "0.009", IMAGE),
    ("black-forest-labs/FLUX-1-Redux-dev", "image", "image", "0.012", IMAGE),
    ("black-forest-labs/FLUX-1-schnell", "image", "image", "0.0005", IMAGE),
    ("black-forest-labs/FLUX-1.1-pro", "image", "image", "0.04", IMAGE),
    ("black-forest-labs/FLUX-2-dev", "image", "image", "0.01", IMAGE),
    ("black-forest-labs/FLUX-2-klein-9b", "image", "image", "0.015", IMAGE),
    ("black-forest-labs/FLUX-2-pro", "image", "image", "0.015", IMAGE),
    ("black-forest-labs/FLUX.1-Kontext-dev", "image", "image", "0.01", IMAGE),
    ("Bria/Bria-3.2-vector", "image", "image", "0.04", IMAGE),
    ("Bria/enhance", "image", "image", "0.04", IMAGE),
    ("Bria/erase_foreground", "image", "image", "0.04", IMAGE),
    ("Bria/expand", "image", "image", "0.04", IMAGE),
    ("Bria/fibo", "image", "image", "0.04", IMAGE),
    ("Bria/gen_fill", "image", "image", "0.04", IMAGE),
    ("Bria/remove_background", "image", "image", "0.018", IMAGE),
    ("Bria/replace_background", "image", "image", "0.04", IMAGE),
    ("ByteDance/Seedream-4", "image", "image", "0.04", IMAGE),
    ("ByteDance/Seedream-4.5", "image", "image", "0.04", IMAGE),
    ("ClarityAI/creative", "image", "image", "0.05", IMAGE),
    ("ClarityAI/crystal", "image", "image", "0.05", IMAGE),
    ("ClarityAI/flux", "image", "image", "0.2", IMAGE),
    ("deepseek-ai/Janus-Pro-1B", "image", "image", "0.0005", IMAGE),
    ("Pixverse/Pixverse-T2V", "video", "run", "0.2", VIDEO),
    ("Pixverse/Pixverse-T2V-HD", "video", "run", "0.4", VIDEO),
    ("PrunaAI/p-image", "image", "image", "0.005", IMAGE),
    ("Qwen/Qwen-Image-Edit", "image", "image", "0.025", IMAGE),
    ("Qwen/Qwen-Image-Edit-Max", "image", "image", "0.075", IMAGE),
    ("Qwen/Qwen-Image-Max", "image", "image", "0.075", IMAGE),
    ("run-diffusion/Juggernaut-Lightning-Flux", "image", "request", None, "deprecated_in_list"),
    ("stabilityai/sd3.5", "image", "request", None, "deprecated_in_list"),
    ("stabilityai/sd3.5-medium", "image", "request", None, "deprecated_in_list"),
    ("Wan-AI/Wan2.1-T2V-1.3B", "video", "request", None, "deprecated_in_list"),
    ("Wan-AI/Wan2.1-T2V-14B", "video", "request", None, "deprecated_in_list"),
    ("Wan-AI/Wan2.6-Image-Edit", "image", "image", "0.03", IMAGE),
    ("Wan-AI/Wan2.6-T2I", "image", "image", "0.03", IMAGE),
    ("Wan-AI/Wan2.7-Image-Edit", "image", "image", "0.03", IMAGE),
    ("Audio8/Audio8-TTS-Preview-0.6b", "audio", "character", "0.000005", CHARACTER),
    ("canopylabs/orpheus-3b-0.1-ft", "audio", "character", "0.000007", CHARACTER),
    ("hexgrad/Kokoro-82M", "audio", "character", "0.00000062", CHARACTER),
    ("inworld-ai/inworld-tts-1.5-max", "audio", "request", None, "deprecated_in_list"),
    ("inworld-ai/inworld-tts-1.5-mini", "audio", "request", None, "deprecated_in_list"),
    ("inworld-ai/realtime-tts-1.5-max", "audio", "character", "0.00005", CHARACTER),
    ("inworld-ai/realtime-tts-1.5-mini", "audio", "character", "0.000025", CHARACTER),
    ("inworld-ai/realtime-tts-2", "audio", "character", "0.000035", CHARACTER),
    ("Qwen/Qwen3-TTS-VoiceDesign", "audio", "character", "0.00002", CHARACTER),
    ("ResembleAI/chatterbox", "audio", "request", None, "deprecated_in_list"),
    ("ResembleAI/chatterbox-multilingual", "audio", "character", "0.000001", CHARACTER),
    ("sesame/csm-1b", "audio", "character", "0.000007", CHARACTER),
    ("XiaomiMiMo/MiMo-V2.5-tts", "audio", "character", None, "zero_not_stated_free"),
    ("XiaomiMiMo/MiMo-V2.5-tts-voiceclone", "audio", "character", None, "zero_not_stated_free"),
    ("XiaomiMiMo/MiMo-V2.5-tts-voicedesign", "audio", "character", None, "zero_not_stated_free"),
    ("Zyphra/Zonos-v0.1-hybrid", "audio", "request", None, "deprecated_in_list"),
    ("Zyphra/Zonos-v0.1-transformer", "audio", "request", None, "deprecated_in_list"),
    ("mistralai/Voxtral-Mini-3B-2507", "audio", "second_of_audio", "0.0000166667", IN),
    (
        "nvidia/Nemotron-3.5-ASR-Streaming-Multilingual-0.6b",
        "audio",
        "second_of_audio",
        "0.00000333",
        IN,
    ),
    ("openai/whisper-large-v3", "audio", "second_of_audio", "0.0000075", IN),
    ("Qwen/Qwen3-ASR-0.6B", "audio", "second_of_audio", "0.00000333", IN),
    ("ByteDance/Seedance-1.5-Pro", "video", "output_token", "0.0000012", INPUT_TOKENS),
    ("ByteDance/Seedance-2.0", "video", "request", None, "stated_in_words"),
    ("nvidia/llama-nemotron-rerank-vl-1b-v2", "other", "input_token", "0.00000001", INPUT_TOKENS),
    ("ACE-Step/acestep-v15-xl-sft", "audio", "second_of_audio", "0.001", OUT),
    ("Bria/video_eraser", "video", "second_of_video", "0.05", OUT),
    ("Bria/video_foreground_mask", "video", "second_of_video", "0.14", OUT),
    ("Bria/video_increase_resolution", "video", "second_of_video", "0.05", OUT),
    ("Bria/video_mask_by_key_points", "video", "second_of_video", "0.14", OUT),
    ("Bria/video_remove_background", "video", "second_of_video", "0.05", OUT),
    ("FastVideo/LTX2-Distilled-Diffusers", "video", "request", None, "deprecated_in_list"),
    ("google/veo-3.0", "video", "request", None, "deprecated_in_list"),
    ("google/veo-3.0-fast", "video", "request", None, "deprecated_in_list"),
    ("google/veo-3.1-fast", "video", "second_of_video", "0.15", OUT),
    ("Wan-AI/Wan2.2-T2V-A14B", "video", "second_of_video", "0.075", OUT),
    ("CompVis/stable-diffusion-v1-4", "image", "request", None, "deprecated_in_list"),
    ("openai/whisper-base", "audio", "request", None, "deprecated_in_list"),
    ("openai/whisper-base.en", "audio", "request", None, "deprecated_in_list"),
    ("openai/whisper-medium.en", "audio", "request", None, "deprecated_in_list"),
    ("openai/whisper-small.en", "audio", "request", None, "deprecated_in_list"),
    ("openai/whisper-timestamped-medium.en", "audio", "request", None, "deprecated_in_list"),
    ("stabilityai/stable-diffusion-2-1", "image", "request", None, "deprecated_in_list"),
    ("google/gemma-2-9b-it", "text", "request", None, "deprecated_in_list"),
]
UNPARSED = {"black-forest-labs/FLUX-2-max"}
"""Rows of DeepInfra's list that state two prices: 10 cents an image unit, and 7 by default."""
TIERED: dict[str, tuple[str, dict[tuple[str, str], tuple[str, str]]]] = {
    # id → task group, and (unit, tier) → amount and formula
    "google/gemini-3-pro-image": (
        "image",
        {
            ("image", "standard"): ("0.134", PRO_1K),
            ("image", "2k"): ("0.134", PRO_1K),
            ("image", "4k"): ("0.24", PRO_4K),
        },
    ),
    "google/nano-banana-pro": (
        "image",
        {
            ("image", "standard"): ("0.134", PRO_1K),
            ("image", "2k"): ("0.134", PRO_1K),
            ("image", "4k"): ("0.24", PRO_4K),
        },
    ),
    "google/nano-banana-2": (
        "image",
        {
            ("image", "standard"): (
                "0.067",
                FULL.format('"1120 tokens ($0.067) for 1k (roughly 1mp)"'),
            ),
            ("image", "2k"): ("0.101", FULL.format('"1680 tokens ($0.101) for 2k (roughly 4mp)"')),
            ("image", "4k"): (
                "0.151",
                FULL.format('"and 2520 tokens ($0.151) for 4k (roughly 16mp)"'),
            ),
        },
    ),
    "google/nano-banana-2-lite": (
        "image",
        {
            ("image", "standard"): (
                "0.034",
                FULL.format(
                    '"1120 tokens ($0.034) per output image at the single supported 1k resolution '
                    '(roughly 1mp)"'
                ),
            ),
        },
    ),
    "PrunaAI/p-video": (
        "video",
        {
            ("second_of_video", "standard"): ("0.02", OUT),
            ("second_of_video", "1080p"): ("0.04", FULL.format('"$0.04 / second for 1080p"')),
        },
    ),
    "PrunaAI/p-video-avatar": (
        "video",
        {
            ("second_of_video", "standard"): ("0.025", FULL.format('"$0.025 / second for 720p"')),
            ("second_of_video", "1080p"): ("0.045", FULL.format('"$0.045 / second for 1080p"')),
        },
    ),
    "Wan-AI/Wan2.7-I2V": (
        "video",
        {
            ("second_of_video", "standard"): ("0.1", OUT),
            ("second_of_video", "1080p"): ("0.15", FULL.format('"$0.15 / second for 1080p"')),
        },
    ),
    "mistralai/Mistral-Small-3.2-24B-Instruct-2506": (
        "text",
        {
            ("input_token", "standard"): ("0.000000075", INPUT_TOKENS),
            ("output_token", "standard"): ("0.0000002", OUTPUT_TOKENS),
            ("input_token", "flex"): ("0.00000006", INPUT_TOKENS[:-1] + " * 0.8)"),
            ("output_token", "flex"): ("0.00000016", OUTPUT_TOKENS[:-1] + " * 0.8)"),
            ("input_token", "priority"): ("0.0000001125", INPUT_TOKENS[:-1] + " * 1.5)"),
            ("output_token", "priority"): ("0.0000003", OUTPUT_TOKENS[:-1] + " * 1.5)"),
        },
    ),
}
"""Rows of DeepInfra's list that state several prices."""

BY_IMAGE = "round_12_digits(base_price * 0.000001); one run makes one image"
BY_RUN = "round_12_digits(base_price * 0.000001)"
BY_LENGTH = "round_12_digits(base_price * 0.000001) / 5"
WAVESPEED: list[tuple[str, str, str, str | None, str]] = [
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
NAMES = {"deepinfra_list": "model_name", "wavespeed_list": "model_id"}
ROWS = {
    feed: {json.loads(row)[NAMES[feed]]: row for rows in recorded_files(feed) for row in rows}
    for feed in TABLES
}
"""Feed → id → its recorded row."""


@pytest.mark.parametrize("feed", TABLES)
def test_the_table_names_every_recorded_row(feed: str) -> None:
    assert len(ROWS[feed]) >= {"deepinfra_list": 83, "wavespeed_list": 37}[feed]
    named = {name for name, *_ in TABLES[feed]}
    several = UNPARSED | set(TIERED) if feed == "deepinfra_list" else set()
    assert set(ROWS[feed]) - named <= several
    assert not named & several


@pytest.mark.parametrize("feed", TABLES)
def test_a_row_that_two_recordings_hold_states_the_same_price_in_both(feed: str) -> None:
    for rows in recorded_files(feed):
        for row in rows:
            stated, kept = json.loads(row), json.loads(ROWS[feed][json.loads(row)[NAMES[feed]]])
            assert {**stated, **kept} == {**kept, **stated}


@pytest.mark.parametrize(
    ("feed", "name", "group", "unit", "amount", "formula"),
    [
        (feed, *line)
        for feed, lines in TABLES.items()
        for line in lines
        if line[0] in ROWS[feed]  # the committed excerpt lacks six
    ],
)
def test_a_row_s_figure_is_the_one_worked_out_by_hand(
    feed: str, name: str, group: str, unit: str, amount: str | None, formula: str
) -> None:
    (found,) = claims(feed, list(ROWS[feed].values()), name, group=group)
    assert (found["unit"], found["currency"]) == (unit, "USD")
    if amount is None:
        assert (found["amount"], found["reason"]) == (None, formula)
        assert found["price_status"] in {"suspect", "not_published"}
    else:
        assert (found["amount"], found["formula"]) == (Decimal(amount), formula)
        assert (found["price_status"], found["reason"]) == ("priced", None)
    assert found["raw_text"] in found["evidence"]
    assert found["native_amount"] is not None


@pytest.mark.parametrize("name", [name for name in TIERED if name in ROWS["deepinfra_list"]])
def test_the_figures_of_a_row_with_several_prices_are_those_worked_out_by_hand(name: str) -> None:
    group, wanted = TIERED[name]
    found = claims("deepinfra_list", list(ROWS["deepinfra_list"].values()), name, group=group)
    priced = [claim for claim in found if claim["price_status"] == "priced"]
    assert {(c["unit"], c["tier"]): (c["amount"], c["formula"]) for c in priced} == {
        series: (Decimal(amount), formula) for series, (amount, formula) in wanted.items()
    }
    for claim in priced:
        assert claim["raw_text"] in claim["evidence"]
        assert claim["basis"] == ("list" if group == "text" and _is_plain(claim) else "derived")
    assert {claim["reason"] for claim in found if claim not in priced} <= {"not_offered"}


def _is_plain(claim: dict[str, object]) -> bool:
    return claim["tier"] == "standard"


def test_a_row_that_states_two_prices_has_none() -> None:
    for name in UNPARSED & set(ROWS["deepinfra_list"]):
        (found,) = claims("deepinfra_list", [ROWS["deepinfra_list"][name]], name, group="image")
        assert (found["price_status"], found["amount"]) == ("unparsed", None)
        assert found["reason"] == "two_prices: default_price_cents"
