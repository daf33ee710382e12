"""Messages reach a real webhook and a real SMTP server, and addresses reach no text of ours."""

from __future__ import annotations

import logging

import pytest

from providers.alert_sender import is_known, send_message
from providers.secrets.alert_addresses import find_alert_addresses
from schemas.alerts import Message
from schemas.errors import SettingsError
from schemas.secrets import Secret
from tests.support.receivers import mailbox, webhook

CANARY = "canary-8d1f"
MESSAGE = Message("pricehouse: 1 found", "Feed fails: hub", is_good=False)


def test_a_webhook_receives_the_message() -> None:
    with webhook() as receiver:
        assert send_message(Secret(receiver.address(CANARY)), MESSAGE) is True
    assert receiver.texts == ["pricehouse: 1 found\nFeed fails: hub"]
    assert receiver.received[0]["type"] == "warning"
    assert receiver.paths == [f"/{CANARY}"]


def test_an_smtp_server_receives_the_mail() -> None:
    with mailbox() as box:
        assert send_message(Secret(box.address("operator", CANARY)), MESSAGE) is True
    (mail,) = box.mails
    assert mail["Subject"] == "pricehouse: 1 found"
    assert mail["To"] == "operator@example.org"
    assert "Feed fails: hub" in mail.as_string()
    assert box.logins == ["PLAIN"]


def test_an_address_that_refuses_or_is_no_address_is_not_taken_and_never_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with webhook() as receiver:
        receiver.status = 500
        assert send_message(Secret(receiver.address(CANARY)), MESSAGE) is False
    assert send_message(Secret(f"json://127.0.0.1:9/{CANARY}"), MESSAGE) is False
    assert send_message(Secret(f"nothing://{CANARY}"), MESSAGE) is False
    assert not is_known(Secret(f"nothing://{CANARY}"))
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


def test_a_redirect_is_not_followed_and_takes_no_message() -> None:
    with webhook() as receiver:
        receiver.status, receiver.location = 302, "/leak"
        address = receiver.address("secret").replace("json://", "json://user:password@")
        assert send_message(Secret(address), MESSAGE) is False
        assert receiver.paths == ["/secret"]


def test_a_message_without_an_answer_is_unknown_and_not_refused() -> None:
    with webhook() as receiver:
        receiver.answers.clear()
        assert send_message(Secret(receiver.address("slow")), MESSAGE, deadline_s=0.5) is None
        assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "text",
    [
        "json://a/1 json://b/2",
        "json://a/1,json://b/2",
        " json://a/1\n json://b/2 ",
        "json://a/1 , json://b/2",
    ],
)
def test_addresses_are_separated_by_spaces_line_breaks_or_commas(text: str) -> None:
    found = find_alert_addresses({"PRICEHOUSE_ALERT_URLS": text})
    assert [address.reveal() for address in found] == ["json://a/1", "json://b/2"]


def test_a_comma_inside_an_address_separates_nothing() -> None:
    text = "mailto://u:p@example.org?to=a@b.c,d@e.f"
    (address,) = find_alert_addresses({"PRICEHOUSE_ALERT_URLS": text})
    assert address.reveal() == text


@pytest.mark.parametrize("text", ["canary-8d1f", f"json://a/1 {CANARY}ä://x"])
def test_what_is_no_address_is_named_by_its_place_alone(text: str) -> None:
    with pytest.raises(SettingsError, match=r"address \d of PRICEHOUSE_ALERT_URLS") as caught:
        find_alert_addresses({"PRICEHOUSE_ALERT_URLS": text})
    assert CANARY not in str(caught.value)


def test_without_the_setting_and_without_vault_there_is_no_address() -> None:
    assert find_alert_addresses({}) == []
