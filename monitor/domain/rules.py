"""Rules: which signals together deserve attention. People write these in `config/rules.yaml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.kinds import EventKind, Family

SeverityWord = Literal["info", "low", "medium", "high", "critical"]


class Condition(BaseModel):
    """Enough signals of some kinds within a window, for one region (or city, or the country)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[EventKind, ...] = Field(default=(), description="event kinds that count")
    families: tuple[Family, ...] = Field(default=(), description="families whose kinds all count")
    at_least: int = Field(default=1, ge=1, description="signals of different reports needed")
    independent_sources: int = Field(
        default=1, ge=1, description="different witnesses needed: forwards, copies and one owner's sources are one"
    )
    within_minutes: float = Field(default=120, gt=0, le=20160, description="length of the window in minutes")
    strength_at_least: float = Field(default=0.5, ge=0, le=1, description="weaker signals do not count (0..1)")
    tier_at_most: int = Field(default=4, ge=1, le=4, description="only sources of this tier or better count")
    people_at_least: int | None = Field(
        default=None, ge=1, description="some report must give at least this many people; not asked where not given"
    )
    measured: bool = Field(default=False, description="only what was measured counts, not what somebody says")
    include_past: bool = Field(default=False, description="count what is told as something of another day")

    @model_validator(mode="after")
    def _names_something(self) -> "Condition":
        if not self.kinds and not self.families:
            message = "name at least one kind or family"
            raise ValueError(message)
        return self

    def counts(self, kind: EventKind) -> bool:
        """Whether signals of this kind count."""
        return kind in self.kinds or kind.family in self.families


class Rule(BaseModel):
    """One entry of `config/rules.yaml`. Official denials never count towards a condition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="unique, never reused for another meaning")
    title: str = Field(min_length=1, max_length=120, description="what it is called in lists")
    why: str = Field(default="", description="why a person should be told, in one or two sentences")
    when: Condition = Field(description="what must hold")
    also: tuple[Condition, ...] = Field(default=(), description="what must hold at the same time, in the same region")
    unless: tuple[Condition, ...] = Field(default=(), description="what keeps the rule quiet while it holds")
    per: Literal["region", "city", "country"] = Field(default="region", description="what is judged on its own")
    severity: SeverityWord = Field(description="info, low, medium, high or critical")
    hold_minutes: float = Field(default=0, ge=0, le=1440, description="must hold this long before it fires")
    clear_minutes: float = Field(
        default=180, ge=0, le=20160, description="resolved when nothing new has come for this long"
    )
    cleared_by: tuple[EventKind, ...] = Field(default=(), description="signals that end it in that region")
    to: tuple[str, ...] = Field(default=(), description="receivers or groups; by severity where not given")
    shadow: bool = Field(default=False, description="evaluate and record, tell nobody")
    enabled: bool = Field(default=True, description="false keeps the entry and stops evaluating it")
