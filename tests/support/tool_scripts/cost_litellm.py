"""Cost cases by LiteLLM: cost_litellm.py URL CASES, in the venv of `make tools`; offline."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from urllib.request import urlopen

import litellm
from litellm.cost_calculator import default_video_cost_calculator
from litellm.types.utils import (
    EmbeddingResponse,
    ImageObject,
    ImageResponse,
    ModelResponse,
    PromptTokensDetailsWrapper,
    TranscriptionResponse,
    Usage,
)

logging.getLogger("LiteLLM").setLevel(logging.ERROR)


def usage_of(units: dict[str, int]) -> Usage:
    """Return LiteLLM's usage; cached tokens are a part of the prompt's."""
    details = None
    if cached := units.get("cached_input_token"):
        details = PromptTokensDetailsWrapper(cached_tokens=cached)
    prompt, completion = units.get("input_token", 0), units.get("output_token", 0)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        prompt_tokens_details=details,
    )


def cost(entry: dict[str, object], name: str, case: dict[str, object]) -> float:
    """Return what LiteLLM books for a call of the mode of an entry."""
    units, tier = case["units"], (case.get("context") or {}).get("service_tier")
    match entry["mode"]:
        case "chat":
            answer = ModelResponse(model=name, usage=usage_of(units))
            return litellm.completion_cost(answer, model=name, service_tier=tier)
        case "embedding":
            answer = EmbeddingResponse(model=name, usage=usage_of(units))
            return litellm.completion_cost(answer, model=name, call_type="embedding")
        case "image_generation":
            answer = ImageResponse(created=1, data=[ImageObject(url="x")] * units["image"])
            return litellm.completion_cost(
                answer, model=name, call_type="image_generation", n=units["image"]
            )
        case "audio_transcription":
            answer = TranscriptionResponse(text="x")
            answer.duration = float(units["second_of_audio"])
            return litellm.completion_cost(answer, model=name, call_type="transcription")
        case "audio_speech":
            text = "x" * units["character"]
            return litellm.completion_cost(model=name, prompt=text, call_type="speech")
        case "video_generation":
            return default_video_cost_calculator(
                name, float(units["second_of_video"]), custom_llm_provider="openai"
            )
        case other:
            raise ValueError(f"no case of the mode {other}")


def main(url: str, cases: Path) -> None:
    with urlopen(url) as answer:
        entries = json.load(answer)
    litellm.register_model(entries)
    costs = []
    for case in json.loads(cases.read_text()):
        name = f"openai/{case['model']}:{case['provider']}"
        if name not in entries:
            costs.append("error: not in the map")
        else:
            costs.append(repr(cost(entries[name], name, case)))
    json.dump({"models": len(entries), "costs": costs}, sys.stdout)


main(sys.argv[1], Path(sys.argv[2]))
