"""What an owner may set of a device: the forms that settings are written in, and the marks on their fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import core_schema

from virtual_devices.kit.accounts import ESSENTIAL
from virtual_devices.kit.names import MAX_NAME

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


@dataclass(frozen=True, slots=True)
class Partner:
    """Marks a setting that holds the name of the device this one depends on.

    ability: what the partner must be able to do.  fields: the conditions used of it.  required: refuse to start without;
    an optional partner that is absent is missing in ``inputs``.
    """

    ability: str
    fields: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """Marks a setting that names a file. Only the home file may set it, never a message."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Marks a text setting that is one of a few texts, where they are too many, or too unlike words, for a Literal."""

    texts: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.texts))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Marks a text setting that holds numbers with commas between them; a home file may list them too. count: how many."""

    count: int


@dataclass(frozen=True, slots=True)
class Daily:
    """Marks a text setting whose number depends on the time of day, see ``virtual_devices.kit.levels``; a home file may write a number or a list too."""


@dataclass(frozen=True, slots=True)
class HomeFileOnly:
    """Marks a setting that is fixed while a home runs."""


@dataclass(frozen=True, slots=True)
class Everyday:
    """Marks what an owner reaches for day by day; faces show it first, not among the things that are set up once."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Marks what a thing is made of, and what hardly anybody turns while it runs; faces have it, but hidden from a first look."""


@dataclass(frozen=True, slots=True)
class Icon:
    """Marks a setting whose entities have an icon of their own. name: of Material Design Icons."""

    name: str


@dataclass(frozen=True, slots=True)
class Appearance:
    """Marks how a device is called and shown where people look at it; it changes nothing that the device does, and no state tells it."""


@dataclass(frozen=True, slots=True)
class OnCircuit:
    """Marks a setting that says on which circuit a device hangs: a port of the settling device, or a device that carries."""


DeviceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=MAX_NAME)]


CircuitName = Annotated[DeviceName, OnCircuit()]


FileName = Annotated[str, Field(max_length=400), Document()]


class Form(BaseModel):
    """Something that a person writes down. Frozen, and nothing else may stand in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


class Settings(Form):
    """What an owner may set. A command makes a new one."""

    plain_readings: Annotated[bool, HomeFileOnly()] = Field(
        False, title="Plain readings", description="each reading on an MQTT topic of its own too, as a bare number"
    )
    name: Annotated[str, Field(max_length=80), Appearance(), HomeFileOnly()] = Field(
        "", title="Name", description="what people call it; else its name in the home file, with blanks"
    )
    area: Annotated[str, Field(max_length=80), Appearance(), HomeFileOnly()] = Field(
        "", title="Area", description="the room that it is in, as Home Assistant calls it; counts when the device is announced first"
    )
    icon: Annotated[str, Field(max_length=80, pattern=r"^$|^mdi:[a-z0-9-]+$"), Appearance(), HomeFileOnly()] = Field(
        "", title="Icon", description="of Material Design Icons, such as mdi:stove; else that of its kind"
    )
    with_home: Annotated[bool, Appearance(), HomeFileOnly()] = Field(
        False, title="With home", description="whether its home's name stands before its own, where it is shown beside devices of another home"
    )
    former_name: Annotated[str, Field(max_length=MAX_NAME, pattern=r"^$|^[a-z][a-z0-9_]*$"), Appearance(), HomeFileOnly()] = Field(
        "", title="Former name", description="what it was called in this home file before; Home Assistant keeps its entities and their history"
    )

    def chosen(self) -> dict[str, Any]:
        """The values by name, but for those that follow others (``following``) and that nobody has set: they are worked out anew."""
        left = following(type(self)) - self.model_fields_set
        return {name: value for name, value in self if name not in left}


class DeviceOrders(Form):
    """What a command may order at once, beside settings: nothing declares it, state keeps its effect, and a repeated one acts again.

    Every field has a default, which stands for no order.
    """


TOGGLE = "toggle"
"""The word for the opposite of how something stands."""


@lru_cache(maxsize=512)
def following(model: type[Form]) -> frozenset[str]:
    """Names of the fields that by default follow others: their default factory takes what is validated so far."""
    return frozenset(name for name, info in model.model_fields.items() if info.default_factory_takes_validated_data)


CIRCUIT = (
    "essential: fed by the inverter, also in an outage; aux: on its AUX port, if it switches that on; or the name of a plug or breaker"
)


class CircuitSettings(Settings):
    """Settings that every circuit has."""

    circuit: Annotated[CircuitName, Detail()] = Field(ESSENTIAL, title="Circuit", description=CIRCUIT)


class SettlerSettings(Settings):
    """Settings that every inverter has."""

    flows: Annotated[bool, Detail()] = Field(
        False, title="Flows", description="what each window brought from account to account, on an MQTT topic for each wire, in whole joules"
    )


class ConsumerSettings(Settings):
    """Settings that every load has."""

    circuit: Annotated[CircuitName, Detail()] = Field(ESSENTIAL, title="Circuit", description=CIRCUIT)
    priority: Annotated[int, Field(ge=1, le=10), Detail()] = Field(
        5, title="Priority", description="1 is shed last, 10 first; equal priorities go by name"
    )
