"""The lines of a report about what was held."""

from __future__ import annotations

from pipeline.report import Held, held_lines


def holds(name: str, **providers: int) -> list[Held]:
    """Return so many holds of a check at each provider."""
    return [
        Held(
            check_id=f"{name}-{provider}-{number}",
            name=name,
            offer_id=None,
            inference_provider=provider,
            unit=None,
            message="",
        )
        for provider, count in providers.items()
        for number in range(count)
    ]


def test_there_is_one_line_per_kind_with_its_reason_and_its_providers() -> None:
    many = dict.fromkeys(["a", "b", "c", "d"], 1)
    held = [
        *holds("unit_magnitude", novita=11),
        *holds("unreadable_price", novita=90, together=95, groq=3, **many),
    ]
    assert held_lines(held) == [
        "192 × unreadable_price (A known price can no longer be read): together 95, novita 90, "
        "groq 3, a 1, b 1, 2 more providers",
        "11 × unit_magnitude (A price moved by ten times or more, up or down): novita 11",
    ]
    assert held_lines([]) == []
