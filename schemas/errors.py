"""All errors of pricehouse; the type determines what to do next.

PricehouseError
├── UsageError            stop, exit 2: the person asked for something that cannot be
│   ├── SettingsError     a setting has a value that cannot be used
│   ├── UnknownValue      a filter names a value that no card has
│   └── HomeKindError     sample data would enter a live home, or live data a sample home
├── FeedError             skip this feed; its last good rows stay
│   ├── FeedUnreachable   no answer came, or the connection broke, after all retries
│   ├── FeedRefused       the server refuses (401, 403, 404, …); a retry would get the same answer
│   ├── FeedBusy          429 or 5xx until the retries were used up
│   ├── FeedDeadline      the feed's deadline passed, or a wait would pass it
│   ├── PagingError       a next link that repeats, loops or leaves the host
│   └── FeedMalformed     an answer that is not what the feed gives (no JSON, too large, …)
├── SecretError           stop, exit 1: Vault is set and does not give or take a secret
├── InferenceError        an inference call returned nothing usable; it is never retried
│   ├── InferenceRefused             it would be refused again: change model, payload or token
│   ├── InferencePaymentRequired     the account has no credits left for it
│   ├── InferenceBusy                too many calls, or the model is not ready: try later
│   ├── InferenceInterrupted         no whole response came; the call may have been billed
│   └── InferenceUnexpectedResponse  the response is not one of the route (HTML, a redirection, …)
├── StoreError            stop, exit 1: the store does not answer or refuses; run again
│   ├── ObjectMissing     the store lacks an object
│   ├── ObjectDamaged     an object of the store cannot be read
│   └── StoreConflict     the store has runs of another machine, which this home lacks
├── PublicationGone       begin again with the newest publication: that one is no longer kept
├── QueryTooSlow          ask for less: the answer took longer than a reader is given
└── HomeError             stop, exit 1: the home itself needs attention
    ├── HomeBusy          another writer holds the home
    ├── BackupError       a file of a backup is missing or damaged: use another backup
    ├── LandingError      landed bytes are missing or do not match their hash
    └── WarehouseError    the warehouse file cannot be used, or a check inside the load failed
"""

from __future__ import annotations


class PricehouseError(Exception):
    """Base of all errors of pricehouse. The message is for a person: what happened, what to do."""


class UsageError(PricehouseError):
    """Raised when a command, argument or combination of them cannot be carried out."""


class SettingsError(UsageError):
    """Raised when an environment setting has a value that cannot be used."""


class UnknownValue(UsageError):
    """Raised when a filter names a value that the publication does not have; `field` is the
    filter."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class HomeKindError(UsageError):
    """Raised when sample data would enter a live home, or live data a sample home."""


class CodedError(PricehouseError):
    """Base of errors with a `code`, which is stable and for programs; the message may change."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class FeedError(CodedError):
    """Raised when one feed cannot be fetched whole or read. `code` is stable, for run_feeds."""

    code = "feed_error"


class FeedUnreachable(FeedError):
    """Raised when no answer came, or the connection broke, after all retries."""

    code = "unreachable"


class FeedRefused(FeedError):
    """Raised when the server refuses (4xx other than 408 and 429); code is `http_<status>`."""

    code = "refused"


class FeedBusy(FeedError):
    """Raised when the server still answers 408, 429 or 5xx after all retries."""

    code = "busy"


class FeedDeadline(FeedError):
    """Raised when the feed's deadline passed, or a wait the server asks for would pass it."""

    code = "deadline"


class FeedStopped(FeedError):
    """Raised when the run ended for another reason while the feed was fetched."""

    code = "stopped"


class PagingError(FeedError):
    """Raised when a next link repeats a page, loops, or leaves the configured host."""

    code = "paging"


class FeedMalformed(FeedError):
    """Raised when an answer is not what this feed gives: no JSON, too large, another shape."""

    code = "malformed"


class SecretError(CodedError):
    """Raised when Vault is set and does not give or take a secret; docs/secrets.md has the codes.

    Then neither HF_TOKEN nor anonymous reading is used instead of Vault.
    """

    code = "secret_error"


class InferenceError(CodedError):
    """Raised when an inference call returned no usable response."""

    code = "inference_error"


class InferenceRefused(InferenceError):
    """Raised when the same call would be refused again (400, 401, 403, 404, 413, 422, …)."""

    code = "refused"


class InferencePaymentRequired(InferenceError):
    """Raised when the account has no credits left for the call (402)."""

    code = "no_credits"


class InferenceBusy(InferenceError):
    """Raised when a later call may succeed (408, 429, 5xx)."""

    code = "busy"


class InferenceInterrupted(InferenceError):
    """Raised when no whole response came; if the call was sent, it may have been billed."""

    code = "unreachable"


class InferenceUnexpectedResponse(InferenceError):
    """Raised when a response is not one of the route; the call may have been billed."""

    code = "strange"


class HomeError(PricehouseError):
    """Raised when the home cannot be used as it is; nothing was changed."""


class HomeBusy(HomeError):
    """Raised when another process holds the home for writing longer than a run may wait."""


class BackupError(HomeError):
    """Raised when a file of a backup is missing or damaged."""


class LandingError(HomeError):
    """Raised when landed bytes are missing or do not match their hash."""


class WarehouseError(HomeError):
    """Raised when the warehouse file cannot be used, or an assertion inside the load failed."""


class TornWarehouse(WarehouseError):
    """Raised when a block of the warehouse file does not match its checksum.

    A kill can cut the write of a block that DuckDB writes again in its place.
    """


class StoreError(PricehouseError):
    """Raised when the store of a home does not answer, refuses, or holds what it should not."""


class ObjectMissing(StoreError):
    """Raised when a store lacks an object."""


class ObjectDamaged(StoreError):
    """Raised when an object of a store is damaged, and the home has no whole file of it."""


class StoreConflict(StoreError):
    """Raised when a store has runs of another machine, which this home lacks."""


class PublicationGone(PricehouseError):
    """Raised when a reader asks for a publication that is no longer kept."""


class QueryTooSlow(PricehouseError):
    """Raised when a reader's statements take longer than the limit."""
