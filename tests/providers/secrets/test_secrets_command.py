"""`pricehouse secrets` and a run with a token, from outside: no output or file holds the token."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from samples.hub import serve
from samples.routes import error
from tests.support.bao import CANARY, ROOT, SECRET
from tests.support.command import answered, environment, pricehouse
from tests.support.home_files import contents
from tests.support.hours import small_catalog
from tests.support.raw_server import RawReply, serving

WRONG = "a-token-that-vault-does-not-know"


@pytest.fixture
def mount(bao):
    """A KV 2 mount of this test's own."""
    name = f"mount-{uuid4().hex}"
    bao.admin().sys.enable_secrets_engine("kv", path=name, options={"version": "2"})
    return bao.environment(PRICEHOUSE_VAULT_MOUNT=name)


def output_of(done):
    """Return all output of a command; neither the token nor Vault's is in it."""
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    assert not [secret for secret in (CANARY, ROOT, "hf_decoy") if secret in output]
    return output


def test_check_reports_the_place_and_not_the_token(bao, tmp_path):
    done = pricehouse("secrets", "check", home=tmp_path, **bao.environment())
    assert done.returncode == 0
    output = output_of(done)
    for part in (bao.url, "mount secret (KV 2)", f"path {SECRET}", "field api_key", "by token"):
        assert part in output
    assert "HF_TOKEN is set too, and not read" in output
    found = answered(pricehouse("secrets", "check", "--json", home=tmp_path, **bao.environment()))
    assert found == {
        "found": True,
        "source": "vault",
        "address": bao.url,
        "namespace": None,
        "mount": "secret",
        "path": SECRET,
        "field": "api_key",
        "kv_version": 2,
        "auth": "token",
    }


def test_check_without_a_vault(tmp_path):
    def found(**setting):
        return answered(pricehouse("secrets", "check", "--json", home=tmp_path, **setting))

    assert found() == {"found": False, "source": "anonymous"}
    assert found(HF_TOKEN=CANARY) == {
        "found": True,
        "source": "environment",
        "variable": "HF_TOKEN",
    }
    assert "lower pace" in output_of(pricehouse("secrets", "check", home=tmp_path))
    assert "HF_TOKEN" in output_of(pricehouse("secrets", "check", home=tmp_path, HF_TOKEN=CANARY))


def test_check_exits_1_when_vault_fails_and_2_on_a_wrong_setting(bao, tmp_path):
    denied = pricehouse("secrets", "check", home=tmp_path, **bao.environment(VAULT_TOKEN=WRONG))
    assert denied.returncode == 1
    assert "does not accept VAULT_TOKEN" in output_of(denied)
    wrong = pricehouse(
        "secrets", "check", home=tmp_path, **bao.environment(VAULT_TOKEN=f"{CANARY}\n{CANARY}")
    )
    assert wrong.returncode == 2
    assert "VAULT_TOKEN" in output_of(wrong)


def test_put_takes_the_token_from_standard_input(mount, tmp_path):
    done = pricehouse("secrets", "put", "huggingface", home=tmp_path, stdin=f"{CANARY}\n", **mount)
    assert done.returncode == 0
    assert "stored: Vault at" in output_of(done)
    assert pricehouse("secrets", "check", home=tmp_path, **mount).returncode == 0


def test_put_prompts_without_echo_at_a_terminal(mount, tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "secrets", "put", "huggingface"],
        env=environment(tmp_path, **mount),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"Token" not in seen:
        seen += os.read(ours, 1000)
    os.write(ours, CANARY.encode() + b"\n")
    while b"stored" not in seen:
        seen += os.read(ours, 1000)
    assert process.wait(300) == 0
    os.close(ours)
    assert CANARY.encode() not in seen


@pytest.mark.parametrize("stdin", ["", " \n", f"{CANARY}\n{CANARY}\n", f"{CANARY}é"])
def test_put_refuses_an_invalid_token(mount, tmp_path, stdin):
    done = pricehouse("secrets", "put", "huggingface", home=tmp_path, stdin=stdin, **mount)
    assert done.returncode == 2
    assert "no token" in output_of(done)
    assert pricehouse("secrets", "check", home=tmp_path, **mount).returncode == 1


def test_put_takes_no_token_on_the_command_line_and_needs_a_vault(tmp_path):
    argument = pricehouse("secrets", "put", "huggingface", "hf_x", home=tmp_path)
    assert argument.returncode == 2
    unset = pricehouse("secrets", "put", "huggingface", home=tmp_path, stdin=CANARY)
    assert unset.returncode == 2
    assert "VAULT_ADDR is not set" in output_of(unset)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads Linux's process list")
def test_the_process_list_never_contains_the_token(bao, tmp_path):
    lists = []

    def script(_request):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                lists.append((folder / "cmdline").read_bytes())
            except OSError:
                continue  # it has ended
        return RawReply(503)

    with serving(script) as slow:
        settings = bao.environment(VAULT_ADDR=slow.url)
        done = pricehouse("secrets", "put", "huggingface", home=tmp_path, stdin=CANARY, **settings)
    assert done.returncode == 1
    output_of(done)
    assert any(b"cli.main\0secrets\0put" in command for command in lists)
    assert not [command for command in lists if CANARY.encode() in command]


@pytest.mark.slow
def test_a_run_sends_the_token_and_writes_it_to_no_file(bao, tmp_path):
    sent = []
    answers = {"echo": False, "refuse": False}

    def on_request(request):
        if request.path == "/models/list" or request.path.startswith("/lists/"):
            # another source, which gets no token of this one
            assert "authorization" not in request.headers
            return error(404, "no such list", {})
        sent.append(request.headers.get("authorization"))
        if answers["refuse"]:
            return error(401, f"Invalid token {sent[-1]}", {})
        if answers["echo"]:
            return error(200, f"your token is {sent[-1]}", {})
        return None

    home = tmp_path / "home"
    output = ""
    with serve(small_catalog(), on_request=on_request) as hub:
        for token in ({"HF_TOKEN": CANARY}, bao.environment()):
            answers["echo"] = answers["refuse"] = False
            done = pricehouse("ingest", home=home, url=hub.url, **token)
            assert done.returncode == 0, done.stderr
            output += output_of(done)
            for failing in ("refuse", "echo") if "HF_TOKEN" in token else ("echo",):
                answers.update({"echo": False, "refuse": False} | {failing: True})
                done = pricehouse("ingest", home=home, url=hub.url, **token)
                assert done.returncode == 1
                output += output_of(done)
        assert set(sent) == {f"Bearer {CANARY}"}
        sent.clear()
        done = pricehouse("ingest", home=home, url=hub.url, **bao.environment(VAULT_TOKEN=WRONG))
        assert done.returncode == 1
        assert sent == []  # no run without the token that Vault would not give
        output += output_of(done)
    assert "sent our token back" in output
    assert "Invalid token Bearer ***" in output
    status = answered(pricehouse("status", "--json", home=home))
    assert "does not accept VAULT_TOKEN" in status["last_failure"]["error"]
    assert pricehouse("export", str(home / "export"), home=home).returncode == 0
    files = [body for _, body in contents(home)]
    assert len(files) > 50
    secrets = [secret.encode() for secret in (CANARY, ROOT, "hf_decoy")]
    assert not [body for body in files for secret in secrets if secret in body]
