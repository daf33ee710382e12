"""Code that calls an offer through Hugging Face: curl, Python and JavaScript.

Source: the documentation of Hugging Face's Inference Providers, of `huggingface_hub` and of
`@huggingface/inference`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

ROUTER = "https://router.huggingface.co/v1"
_METHODS = {
    "automatic-speech-recognition": ("audio", "sample.flac"),
    "feature-extraction": ("text", "Today is a sunny day"),
    "image-to-image": ("image", "cat.png"),
    "image-to-video": ("image", "cat.png"),
    "sentence-similarity": ("sentence", "Today is a sunny day"),
    "summarization": ("text", "The tower is 324 metres tall …"),
    "text-classification": ("text", "I like you"),
    "text-generation": ("prompt", "The capital of France is"),
    "text-to-image": ("prompt", "An astronaut riding a horse"),
    "text-to-speech": ("text", "Hello world"),
    "text-to-video": ("prompt", "A young man walking on the street"),
    "translation": ("text", "My name is Sarah"),
}
"""Task → the first parameter of the client's method of that name, and an example of it."""
_FILES = {"audio", "image"}
_PROMPT = "What is the capital of France?"


def call_snippets(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (language, code) to call a card's offer; empty for a task without a method.

    Only chat has one address for all providers; the other tasks go through a client, which knows
    the provider's.
    """
    if card["task"] == "conversational" and card["router_model"]:
        return [*_chat(card["router_model"])]
    method = _METHODS.get(card["task"])
    return [*_task(card, *method)] if method else []


def _chat(model: str) -> list[tuple[str, str]]:
    """Return the code of a chat; `pricehouse call` also compares what it cost with the card."""
    messages = [{"role": "user", "content": _PROMPT}]
    body = json.dumps({"model": model, "messages": messages}, indent=2, ensure_ascii=False)
    name, chat = _quoted(model), _quoted(messages)
    return [
        (
            "curl",
            f"curl {ROUTER}/chat/completions \\\n"
            '  -H "Authorization: Bearer $HF_TOKEN" \\\n'
            '  -H "Content-Type: application/json" \\\n'
            f"  -d {shlex.quote(body)}",
        ),
        (
            "Python, huggingface_hub",
            "from huggingface_hub import InferenceClient\n\n"
            "client = InferenceClient()  # the token is that of HF_TOKEN\n"
            "answer = client.chat.completions.create(\n"
            f"    model={name},\n    messages={chat},\n)\n"
            "print(answer.choices[0].message.content)",
        ),
        (
            "Python, openai",
            "import os\n\nfrom openai import OpenAI\n\n"
            f'client = OpenAI(base_url="{ROUTER}", api_key=os.environ["HF_TOKEN"])\n'
            "answer = client.chat.completions.create(\n"
            f"    model={name},\n    messages={chat},\n)\n"
            "print(answer.choices[0].message.content)",
        ),
        (
            "JavaScript, openai",
            'import OpenAI from "openai";\n\n'
            f'const client = new OpenAI({{ baseURL: "{ROUTER}", apiKey: process.env.HF_TOKEN }});\n'
            "const answer = await client.chat.completions.create({\n"
            f"  model: {name},\n  messages: {chat},\n}});\n"
            "console.log(answer.choices[0].message.content);",
        ),
        ("pricehouse", f"pricehouse call {shlex.quote(model)} --prompt {shlex.quote(_PROMPT)}"),
    ]


def _task(card: Mapping[str, Any], parameter: str, example: str) -> list[tuple[str, str]]:
    task = card["task"]
    first, *rest = task.split("-")
    method = first + "".join(part.capitalize() for part in rest)
    name, provider = _quoted(card["model_id"]), _quoted(card["inference_provider"])
    value = _quoted(example)
    python = "\n".join(
        [
            "from huggingface_hub import InferenceClient\n",
            f"client = InferenceClient(provider={provider})  # the token is that of HF_TOKEN",
            f"result = client.{task.replace('-', '_')}({value}, model={name})"
            if task != "sentence-similarity"
            else f"result = client.sentence_similarity({value}, "
            f'other_sentences=["It is sunny"], model={name})',
        ]
    )
    inputs = {
        "audio": f"data: await openAsBlob({value})",
        "image": f"inputs: await openAsBlob({value})",
        "sentence": f'inputs: {{ source_sentence: {value}, sentences: ["It is sunny"] }}',
    }.get(parameter, f"inputs: {value}")
    lines = [
        'import { InferenceClient } from "@huggingface/inference";',
        *(['import { openAsBlob } from "node:fs";'] if parameter in _FILES else []),
        "\nconst client = new InferenceClient(process.env.HF_TOKEN);",
        f"const result = await client.{method}({{",
        f"  provider: {provider},\n  model: {name},\n  {inputs},\n}});",
    ]
    return [
        ("Python, huggingface_hub", python),
        ("JavaScript, @huggingface/inference", "\n".join(lines)),
    ]


def _quoted(value: object) -> str:
    """Return a value as a literal that Python and JavaScript both read."""
    return json.dumps(value, ensure_ascii=False)
