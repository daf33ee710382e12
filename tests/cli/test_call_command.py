"""`pricehouse call` against a server with the router's routes: what it sends, prints and costs."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from samples.hub import serve
from samples.routes import ServerRequest
from tests.support.bao import CANARY
from tests.support.command import UNUSED_URL, environment
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import rows
from tests.support.raw_server import RawReply, serving

JSON = {"Content-Type": "application/json"}
USAGE = {"prompt_tokens": 1_000, "completion_tokens": 50, "estimated_cost": 0.00025}
TEXT = "Hi\x1b[2J there."


def completion(**usage: Any) -> dict[str, Any]:
    choices = [{"index": 0, "message": {"role": "assistant", "content": TEXT}}]
    return {"id": "1", "choices": choices, **({"usage": usage} if usage else {})}


def json_reply(body: object, status: int = 200, **headers: str) -> RawReply:
    more = {name.replace("_", "-"): text for name, text in headers.items()}
    return RawReply(status, json.dumps(body).encode(), headers=JSON | more)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one hour: `acme/chat` costs 0.2 and 0.6 USD per million tokens at novita."""
    home = tmp_path_factory.mktemp("call") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    return home


def call(
    home: Path,
    reply: RawReply,
    *arguments: str,
    token: str | None = CANARY,
    stdin: bytes | None = None,
) -> tuple[Result, list[ServerRequest]]:
    """Run the command, and return what it printed and the requests that the server got."""
    with serving(lambda _: reply) as server:
        variables: dict[str, str | None] = {**environment(home, server.url), "HF_TOKEN": token}
        variables |= {name: None for name in os.environ if name not in variables}
        done = CliRunner().invoke(main, ["call", *arguments], env=variables, input=stdin)
        assert CANARY not in done.output
        return done, server.requests


CHAT = ("acme/chat:novita", "--prompt", "Hello", "--yes")


def test_a_call_is_costed_by_the_card_and_compared_with_what_it_states(home: Path) -> None:
    reply = json_reply(
        completion(**USAGE), x_inference_provider="novita", x_inference_cost_nano_usd="200000"
    )
    done, [request] = call(home, reply, *CHAT, "--json", "--max-tokens", "60")
    assert done.exit_code == 0, done.output
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert json.loads(request.body) == {
        "model": "acme/chat:novita",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 60,
    }
    (line,) = done.output.splitlines()
    facts = json.loads(line)
    ours = 1_000 * Decimal("0.0000002") + 50 * Decimal("0.0000006")
    expected = {
        "requested": "acme/chat:novita",
        "model": "acme/chat",
        "provider": "novita",
        "provider_stated": True,
        "input_tokens": 1_000,
        "output_tokens": 50,
        "cached_input_tokens": None,
        "our_cost": f"{ours.normalize():f}",
        "stated_cost": "0.00025",
        "stated_cost_source": "usage.estimated_cost",
        "difference": f"{(Decimal('0.00025') - ours).normalize():f}",
        "currency": "USD",
        "origin": "live",
        "text": TEXT,
    }
    assert {name: facts[name] for name in expected} == expected
    assert [cost["amount"] for cost in facts["stated_costs"]] == ["0.00025", "0.0002"]
    assert facts["latency_ms"] > 0
    assert facts["timestamp"].endswith("Z")
    assert [(facts["publication"],)] == rows(home, "SELECT publication_id FROM publication")


def test_the_printed_answer_has_the_costs_and_no_control_characters(home: Path) -> None:
    done, _ = call(home, json_reply(completion(**USAGE), x_inference_provider="novita"), *CHAT)
    assert done.exit_code == 0
    assert done.output.startswith("Hi[2J there.\n")
    for line in (
        "provider: novita",
        "tokens: 1,000 input, 50 output",
        "cost by our card: 0.00023 USD",
        "cost by the answer: 0.00025 USD (usage.estimated_cost); difference: 0.00002 USD",
    ):
        assert line in done.output


def test_a_provider_that_the_answer_does_not_state_is_the_one_of_the_call(home: Path) -> None:
    reply = json_reply(completion(prompt_tokens=10, completion_tokens=1))
    named = json.loads(call(home, reply, *CHAT, "--json")[0].output)
    assert (named["provider"], named["provider_stated"]) == ("novita", False)
    assert named["our_cost"] == "0.0000026"
    assert (named["stated_cost"], named["difference"]) == (None, None)
    default = ("acme/chat:fastest", *CHAT[1:], "--json")
    unknown = json.loads(call(home, reply, *default)[0].output)
    assert (unknown["provider"], unknown["our_cost"]) == (None, None)
    assert unknown["our_cost_reason"] == "provider_not_stated"


@pytest.mark.parametrize(
    ("usage", "provider", "reason"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 400}}, "novita", "cached_price_not_stated"),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, "together", "price_suspect"),
        ({}, "nobody", "no_card"),
        ({"prompt_tokens_details": {"cached_tokens": 4_000}}, "novita", None),
    ],
)
def test_a_cost_that_is_not_known_has_its_reason(
    home: Path, usage: dict[str, Any], provider: str, reason: str | None
) -> None:
    reply = json_reply(completion(**USAGE, **usage), x_inference_provider=provider)
    done, _ = call(home, reply, *CHAT, "--json")
    facts = json.loads(done.output)
    assert facts["our_cost_reason"] == reason
    assert (facts["our_cost"] is None) == (facts["difference"] is None) == (reason is not None)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (json_reply({"error": "Invalid username or password."}, 401), "401"),
        (json_reply({"error": "exceeded your monthly included credits"}, 402), "credits"),
        (json_reply({"error": f"no {CANARY}"}, 404), "404"),
        (json_reply({}, 429, Retry_After="30"), "Retry-After: 30"),
        (json_reply({}, 500), "500"),
        (json_reply({}, 503), "loading"),
        (RawReply(200, b"{", headers=JSON), "may have been billed"),
        (RawReply(200, b"<title>Sign in</title>", headers={"Content-Type": "text/html"}), "Sign"),
        (RawReply(200, b"{}", headers=JSON, wait_s=5.0), "within 0.3 s"),
        (json_reply({"echo": CANARY}), "sent our token back"),
        (json_reply(completion()), "states no tokens"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failed_call_is_one_sentence_and_never_sent_again(
    home: Path, reply: RawReply, text: str
) -> None:
    done, requests = call(home, reply, *CHAT, *(("--timeout", "0.3") if reply.wait_s else ()))
    assert done.exit_code == 1
    assert len(requests) == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert text in line
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("usage", "headers", "reason"),
    [
        ({"prompt_tokens": 10**12}, {}, None),
        ({"prompt_tokens": 10**12 + 1}, {}, "tokens_not_stated"),
        ({"prompt_tokens": 10**20 - 1}, {}, "tokens_not_stated"),
        ({"completion_tokens": 2**63}, {}, "tokens_not_stated"),
        ({"prompt_tokens_details": {"cached_tokens": 10**20}}, {}, None),
        ({}, {"x_inference_provider": "p" * 150}, "not_computed"),
        ({}, {"x_inference_provider": "no\x7fvita"}, "no_card"),
    ],
    ids=str,
)
def test_a_paid_answer_is_printed_whatever_its_costing_meets(
    home: Path, usage: dict[str, Any], headers: dict[str, str], reason: str | None
) -> None:
    reply = json_reply(completion(**{**USAGE, **usage}), **headers)
    done, [_] = call(home, reply, *CHAT, "--json")
    assert done.exit_code == (1 if reason == "tokens_not_stated" else 0)
    facts = json.loads(done.stdout)
    assert (facts["text"], facts["our_cost_reason"]) == (TEXT, reason)
    assert facts["stated_cost"] == "0.00025"
    printed, _ = call(home, reply, *CHAT)
    assert printed.stdout.startswith("Hi[2J there.\n")
    assert "Traceback" not in printed.output


def test_an_answer_without_usage_is_printed_all_the_same(home: Path) -> None:
    done, _ = call(home, json_reply(completion(), x_inference_provider="novita"), *CHAT, "--json")
    assert done.exit_code == 1
    facts = json.loads(done.stdout)
    assert (facts["text"], facts["our_cost_reason"]) == (TEXT, "tokens_not_stated")


MESSAGES = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(
    ("arguments", "payload", "text"),
    [
        (("acme/chat", "--prompt", "x"), None, "--yes"),
        (("acme/chat", "--yes"), None, "one of --prompt and --payload"),
        (("acme/chat", "--yes", "--prompt", " "), None, "empty"),
        (("not a model", "--yes", "--prompt", "x"), None, "no model"),
        (("acme/chat", "--yes", "--prompt", "x", "--timeout", "0"), None, "timeout"),
        (("acme/chat", "--yes", "--prompt", "x", "--timeout", "nan"), None, "no number"),
        (("acme/chat:" + "p" * 101, "--yes", "--prompt", "x"), None, "no model"),
        (("acme/" + "m" * 300, "--yes", "--prompt", "x"), None, "no model"),
        (("acme/chat", "--yes"), "{", "no JSON"),
        (("acme/chat", "--yes"), [1], "JSON object"),
        (("acme/chat", "--yes"), {**MESSAGES, "stream": True}, "stream"),
        (("acme/chat", "--yes"), {**MESSAGES, "model": "acme/other"}, "acme/other"),
        (("acme/chat", "--yes"), {**MESSAGES, "top_k": 3}, "top_k"),
        (("acme/chat", "--yes"), {"messages": []}, "no message"),
        (("acme/chat", "--yes"), {"messages": "Hello"}, "shape"),
        (("acme/chat", "--yes"), {"inputs": "a cat"}, "--output"),
        (("acme/paint:fal-ai", "--yes"), {"inputs": "a cat"}, "hf-inference"),
    ],
    ids=str,
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    home: Path, arguments: tuple[str, ...], payload: object, text: str
) -> None:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    given = ("--payload", "-") if payload is not None else ()
    reply = json_reply(completion(**USAGE))
    done, requests = call(home, reply, *arguments, *given, stdin=body.encode())
    assert (done.exit_code, requests) == (2, [])
    assert text in done.output


def test_without_a_token_nothing_is_sent(home: Path) -> None:
    done, requests = call(home, json_reply(completion(**USAGE)), *CHAT, token=None)
    assert (done.exit_code, requests) == (2, [])
    assert "HF_TOKEN" in done.output
    assert "Vault" in done.output


def test_a_payload_without_messages_goes_to_hf_inference(home: Path, tmp_path: Path) -> None:
    picture, target = b"\x89PNG" + bytes(range(256)), tmp_path / "picture.png"
    reply = RawReply(200, picture, headers={"Content-Type": "image/png"})
    arguments = ("acme/paint", "--payload", "-", "--output", str(target), "--yes")
    done, [request] = call(home, reply, *arguments, stdin=b'{"inputs": "a cat"}')
    assert (done.exit_code, request.target) == (0, "/hf-inference/models/acme/paint")
    assert target.read_bytes() == picture
    assert "only chat is priced per token" in done.output
    missing = ("acme/paint", "--payload", "-", "--output", str(tmp_path / "no" / "x"), "--yes")
    failed, requests = call(home, reply, *missing, stdin=b'{"inputs": "a cat"}')
    assert (failed.exit_code, requests) == (1, [])


def test_a_payload_file_is_sent_as_it_is(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    payload = {**MESSAGES, "temperature": 0.5, "seed": 7}
    file.write_text(json.dumps({**payload, "model": "acme/chat", "stream": False}), "utf-8")
    reply = json_reply(completion(**USAGE))
    done, [request] = call(home, reply, "acme/chat", "--payload", str(file), "--yes")
    assert done.exit_code == 0
    assert json.loads(request.body) == {**payload, "model": "acme/chat"}


def test_a_call_needs_no_publication(tmp_path: Path) -> None:
    reply = json_reply(completion(**USAGE), x_inference_provider="novita")
    done, _ = call(tmp_path / "nowhere", reply, *CHAT, "--json")
    facts = json.loads(done.output)
    assert (facts["our_cost_reason"], facts["publication"]) == ("nothing_published", None)
    assert facts["stated_cost"] == "0.00025"


def in_terminal(home: Path, url: str, answer: bytes) -> tuple[int, str]:
    """Run the command in a terminal, answer its question, and return its status and output."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "call", *CHAT[:-1], "--max-tokens", "9"],
        env={**environment(home, url), "HF_TOKEN": CANARY},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    printed, has_answered = b"", False
    while True:
        assert select.select([controller], [], [], 240)[0], printed
        try:
            printed += os.read(controller, 4096)
        except OSError:  # the process closed the terminal
            break
        if not has_answered and b"[y/N]" in printed:
            os.write(controller, answer)
            has_answered = True
    os.close(controller)
    return process.wait(timeout=240), printed.decode()


@pytest.mark.parametrize(("answer", "status", "sent"), [(b"n\n", 1, 0), (b"y\n", 0, 1)])
def test_a_call_is_confirmed_with_its_price_in_view(
    home: Path, answer: bytes, status: int, sent: int
) -> None:
    reply = json_reply(completion(**USAGE), x_inference_provider="novita")
    with serving(lambda _: reply) as server:
        ended, printed = in_terminal(home, server.url, answer)
        assert len(server.requests) == sent
    assert ended == status
    assert CANARY not in printed
    assert "novita: 0.2 USD per 1,000,000 input tokens, 0.6 per 1,000,000 output" in printed
    assert "about 2 input tokens and at most 9 of output, 0.0000058 USD" in printed
    assert UNUSED_URL not in printed
