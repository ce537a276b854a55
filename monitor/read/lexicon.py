"""Lexicons as people write them: `config/lexicons/*.yaml`, one file a language. Data that a native speaker can edit.

An entry says: these phrases point to that kind of event, if these other words stand near, unless those do. Noise
entries cancel kinds (sport, films, drills); modifiers turn a finding (past, denied, announced, negated).
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.kinds import EventKind, Family

Scope = Literal["near", "sentence", "around", "text", "opening", "item"]
Effect = Literal["past", "today", "denied", "announced", "negated", "absent", "hypothetical", "official", "rumour"]


class Entry(BaseModel):
    """Phrases that point to a kind of event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_.]+$", description="unique; shown as the reason of a hit")
    kind: EventKind = Field(description="what they point to")
    any: tuple[str, ...] = Field(min_length=1, description="phrases; one is enough")
    needs: tuple[tuple[str, ...], ...] = Field(
        default=(), description="groups of phrases or @classes; each group must have one in the same sentence"
    )
    needs_around: tuple[tuple[str, ...], ...] = Field(
        default=(), description="the same in this sentence or the two before and after it"
    )
    needs_text: tuple[tuple[str, ...], ...] = Field(default=(), description="the same anywhere in the text")
    some: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="parts of one picture (who, what for, before whom, with what): `least` of these groups are asked",
    )
    least: int = Field(default=2, ge=1, description="how many of the groups under `some` must be met")
    some_within: Literal["sentence", "around"] = Field(
        default="around", description="where they must be met: the same sentence, or also the two before and after it"
    )
    or_placed: bool = Field(
        default=False, description="a place of ours named in the same sentence stands for the parts under `some`"
    )
    unless: tuple[str, ...] = Field(default=(), description="phrases or @classes that forbid it in the same sentence")
    unless_around: tuple[str, ...] = Field(
        default=(), description="the same in this sentence or the two before and after it"
    )
    unless_text: tuple[str, ...] = Field(
        default=(), description="the same anywhere in the text; of a list, in the same item"
    )
    strength: float = Field(default=0.7, gt=0, le=1, description="how sure these words alone are, 0..1")
    past: bool = Field(default=False, description="these words by themselves tell of another day")
    naming: bool = Field(
        default=False,
        description="these words only name such an event: beside a court, a refusal or a visit at home it is no news",
    )
    matches: tuple[str, ...] = Field(default=(), description="texts in which it must be found")
    misses: tuple[str, ...] = Field(default=(), description="texts in which it must not be found")

    @model_validator(mode="after")
    def _least_can_be_met(self) -> Self:
        if self.some and self.least > len(self.some):
            message = f"asks for {self.least} of the {len(self.some)} groups under 'some'"
            raise ValueError(message)
        return self


class Noise(BaseModel):
    """Phrases that show that other words do not mean an event of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_.]+$", description="unique")
    any: tuple[str, ...] = Field(min_length=1, description="phrases; one is enough")
    cancels: tuple[Family | EventKind, ...] = Field(default=(), description="families or kinds; all where empty")
    scope: Scope = Field(default="sentence", description="near (4 words), sentence, or the whole text")
    spares: tuple[str, ...] = Field(default=(), description="phrases or @classes in the same sentence that lift it")


class Modifier(BaseModel):
    """Phrases that turn a finding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_.]+$", description="unique")
    effect: Effect = Field(
        description="past, today (though it names the past), denied, announced, negated, absent (will not be), "
        "hypothetical, official (who says it), rumour (passed on only to be denied)"
    )
    any: tuple[str, ...] = Field(min_length=1, description="phrases; one is enough")
    needs: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="groups of phrases or @classes; each must have one in the sentence of the phrase that was met",
    )
    spoken: bool = Field(
        default=False,
        description="a colon or an opening quotation mark before the phrase stands for the last group under `needs`",
    )
    kinds: tuple[Family | EventKind, ...] = Field(default=(), description="families or kinds it turns; all where empty")
    scope: Scope = Field(default="sentence", description="near (4 words), sentence, or the whole text")


class NamedCause(BaseModel):
    """Phrases that name why the network is gone. Where they stand beside it, planned works are an outage, not noise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=r"^[a-z0-9_.]+[.](power|cable|maintenance|order)$", description="unique; its last part is the cause"
    )
    any: tuple[str, ...] = Field(min_length=1, description="phrases; one is enough")
    scope: Scope = Field(default="sentence", description="near (4 words), sentence, or the whole text")

    @property
    def technical(self) -> bool:
        """Nobody decided it: an excuse, where it is one."""
        return not self.id.endswith(".order")


class Lexicon(BaseModel):
    """One file of `config/lexicons/`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Literal["ru", "kk", "en"] = Field(description="its language")
    classes: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="words by name, used as @name")
    look_alikes: tuple[str, ...] = Field(
        default=(), description="beginnings of words one letter away from those of entries, and right as they are"
    )
    entries: tuple[Entry, ...] = Field(description="what points to events")
    noise: tuple[Noise, ...] = Field(default=(), description="what shows that nothing happened")
    modifiers: tuple[Modifier, ...] = Field(default=(), description="what turns a finding")
    causes: tuple[NamedCause, ...] = Field(default=(), description="what names the cause of an outage")
