"""Areas: squares and districts that may be cut off by themselves, as people write them in `config/areas.yaml`."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.regions import RegionCode

Corner = tuple[
    Annotated[float, Field(ge=46.0, le=88.0, description="degrees east")],
    Annotated[float, Field(ge=40.0, le=56.0, description="degrees north")],
]
WIDEST_DEGREES: Final = 1.5
"""An area that reaches further is no district of one city."""


class Area(BaseModel):
    """A square or a district, as a polygon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name, unique; appears in signals")
    name: str = Field(min_length=1, max_length=80, description="what it is called in signals, as in places.yaml")
    region: RegionCode = Field(description="ISO 3166-2 code of the region it lies in")
    corners: tuple[Corner, ...] = Field(
        min_length=3, max_length=200, description="[degrees east, degrees north] of its corners, in order round it"
    )

    @model_validator(mode="after")
    def _is_a_polygon(self) -> Self:
        if len(set(self.corners)) != len(self.corners):
            message = "a corner stands twice; the last is joined to the first by itself"
            raise ValueError(message)
        if max(_reach(self.corners, axis) for axis in (0, 1)) > WIDEST_DEGREES:
            message = f"reaches over more than {WIDEST_DEGREES} degrees: longitude and latitude mixed up?"
            raise ValueError(message)
        if _crosses_itself(self.corners):
            message = "its sides cross one another: give the corners in order round it"
            raise ValueError(message)
        return self

    @property
    def size(self) -> float:
        """Its area in square degrees, to tell the smaller from the larger."""
        joined = zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True)
        return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in joined)) / 2.0


def _reach(corners: tuple[Corner, ...], axis: int) -> float:
    values = [corner[axis] for corner in corners]
    return max(values) - min(values)


def _crosses_itself(corners: tuple[Corner, ...]) -> bool:
    sides = list(zip(corners, (*corners[1:], corners[0]), strict=True))
    last = len(sides) - 1
    return any(
        _cross(*sides[one], *sides[other])
        for one in range(len(sides))
        for other in range(one + 2, len(sides))
        if not (one == 0 and other == last)
    )


def _cross(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Corner, b: Corner, c: Corner) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
