"""What may go wrong between us and others: each port says which of these it raises. PURE."""


class UnavailableError(Exception):
    """Access failed for now: wait and try again.

    Attributes:
        reason: one sentence for a person, no secrets.
        retry_after_seconds: what the other side asked for; `None` if it did not say.
    """

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class AccessDeniedError(Exception):
    """Access was refused for good: stop and ask a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreUnavailableError(Exception):
    """The store could not commit (disk full, read-only, locked): nothing of the change was stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DeliveryError(Exception):
    """A receiver could not hand a message over.

    Attributes:
        reason: for logs and the record of attempts; never an address or a token.
        permanent: trying again cannot help (bad address, refused content).
        retry_after_seconds: what the other side asked for; `None` if it did not say.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
