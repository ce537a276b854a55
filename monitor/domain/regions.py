"""Regions of Kazakhstan by ISO 3166-2, as people write them in `config/regions.yaml`."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

WHOLE_COUNTRY: Final = "KZ"

RegionCode = Annotated[str, Field(pattern=r"^KZ(-\d{2})?$")]


class Names(BaseModel):
    """One name in three languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1, description="English name")
    ru: str = Field(min_length=1, description="Russian name")
    kk: str = Field(min_length=1, description="Kazakh name in Cyrillic")

    def of(self, language: Literal["en", "ru", "kk"]) -> str:
        """The name in that language."""
        name: str = getattr(self, language)
        return name


class Region(BaseModel):
    """A place that people can be cut off in: one of 17 regions and 3 cities, or the whole country."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: RegionCode = Field(description="ISO 3166-2 code; `KZ` is the whole country")
    names: Names = Field(description="what people call it")
    zone: str = Field(description="IANA time zone, which knows that most of the country moved to UTC+5 on 2024-03-01")
    is_city: bool = Field(default=False, description="one of the three cities of republican significance")
    latitude: float = Field(ge=-90, le=90, description="inner point, degrees north")
    longitude: float = Field(ge=-180, le=180, description="inner point, degrees east")
    formerly: tuple[str, ...] = Field(default=(), description="codes that covered it before June 2022 (KZ-ALA, ...)")
