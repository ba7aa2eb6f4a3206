"""Types of what is read back from files: bounded, finite, and no type taken for another.

`read_checked` of `benchmark/record/reading.py` holds files against them. Type checkers see plain
types, so that code which makes such values itself need not know.
"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, GetPydanticSchema, StringConstraints

STORED = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
OPEN = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)  # keys that no stage reads

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**53)]  # whole as a float and in JavaScript, too
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, lt=2.5e11)]
Instant = Annotated[int, Field(ge=0, lt=250_000_000_000)]  # seconds since 1970; before year 9999
Error = Annotated[float, Field(ge=0, le=1e40)]  # float32 ends before
Score = Annotated[float, Field(ge=-1e40, le=1e40)]

if TYPE_CHECKING:
    Value = Any
else:
    from typing_extensions import TypeAliasType

    Value = TypeAliasType(
        "Value", bool | Whole | Finite | str | list["Value"] | dict[Name, "Value"] | None
    )
Values = dict[Name, Value]


def stored_as(kind: Any) -> GetPydanticSchema:
    """Return an annotation: held against this type where it is read, the written one elsewhere."""
    return GetPydanticSchema(lambda _, handler: handler(kind))
