"""A source: who speaks, through what, and what we know about the speaker. People write these in sources.yaml."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.areas import Corner
from monitor.domain.regions import RegionCode


class Source(BaseModel):
    """One entry of `config/sources.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="short name, unique; appears in logs and ids")
    kind: str = Field(pattern=r"^[a-z_]+$", description="the collector that reads it: a module name in collectors/")
    name: str = Field(min_length=1, description="what people call it")
    owner: str = Field(min_length=1, description="who runs it; sources of one owner never corroborate each other")
    tier: int = Field(
        default=3, ge=1, le=4, description="1 checks facts before publishing, 2 reliable outlet, 3 unchecked, 4 rumour"
    )
    stance: Literal["independent", "official", "rights", "opposition", "local", "measurement"] = Field(
        default="independent", description="whose voice it is; only `official` sources can deny on behalf of the state"
    )
    languages: tuple[Literal["ru", "kk", "en"], ...] = Field(default=("ru",), description="languages it writes in")
    region: RegionCode = Field(default="KZ", description="the region it mostly writes about")
    abroad: bool = Field(default=False, description="published outside the country: goes on speaking during a shutdown")
    verified: date | Literal["never"] = Field(
        default="never", description="when a person or `dabyl check --online` last saw the address answer"
    )
    enabled: bool = Field(default=True, description="false keeps the entry and stops reading it")
    expected_hours_between_posts: float | None = Field(
        default=None, gt=0, description="its usual rhythm in hours; learned where not given"
    )
    place: Corner | None = Field(
        default=None, description="[degrees east, degrees north] where it always reports from; its silence counts there"
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="what its collector needs: see that kind")
