"""The messages of the bus: validated by pydantic straight from bytes, written by orjson.

Each model has the form of the wire; ``to_kit`` turns it into the kit's plain data. Those of a window stand in files of
their own.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.names import MAX_SENDER
from virtual_devices.kit.site import Site
from virtual_devices.kit.window import MAX_STEPS, Span

MAX_STEP = 3600
"""Longest step, s."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Run = Annotated[str, Field(min_length=1, max_length=64)]
Seq = Annotated[int, Field(ge=0, le=2**53)]
Time = Annotated[int, Field(ge=-(2**40), le=2**40)]
Milliwatts = Annotated[int, Field(ge=0, le=10**10)]
Millijoules = Annotated[int, Field(ge=0, le=2**60)]
Powers = Annotated[list[Milliwatts], Field(max_length=MAX_STEPS)]
Thousandths = Annotated[list[Annotated[int, Field(ge=-(2**53), le=2**53)]], Field(max_length=MAX_STEPS)]
Names = Annotated[list[Name], Field(max_length=500)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Message(BaseModel):
    """A message; unknown keys are refused, types are strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


M = TypeVar("M", bound=BaseModel)


def read(model: type[M], payload: bytes) -> M:
    """Validate a payload. Raises ProtocolError with the first problem in one line."""
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"not {_called(model)} message: {where or 'the payload'}: {first['msg']}"[:300]) from None


def _called(model: type[BaseModel]) -> str:
    """A model by the name that its message has on the bus, with its article: ``a window``, ``an about``."""
    word = re.sub(r"(Message|Head|Part)$", "", model.__name__).removeprefix("Plain").lower()
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def write(message: Any) -> bytes:
    """JSON bytes of a message, a dataclass or plain data."""
    if isinstance(message, BaseModel):
        return orjson.dumps(message.model_dump(mode="json"))
    return orjson.dumps(message)


class SpanForm(Message):
    """``steps`` steps of ``step`` seconds from ``start`` (UTC seconds)."""

    start: Time
    step: Annotated[int, Field(ge=1, le=MAX_STEP)]
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]

    def to_kit(self) -> Span:
        """As the kit's Span."""
        return Span(self.start, self.step, self.steps)


class AboutMessage(Message):
    """What a device is. simulated: no device here is anything else; whoever keeps what it says shall not take it for a real one."""

    kind: Name
    ability: str
    title: str
    version: str
    simulated: Literal[True] = True


class SiteMessage(Message):
    """All that a lone process needs to know of its home.

    patience: wall seconds that a silent device is waited for.  protocol: the form of all messages of this home; a device of a
    version that speaks another says so instead of misunderstanding.
    """

    run: Run
    home: Name
    latitude: float
    longitude: float
    altitude: float
    time_zone: str
    seed: int
    step: Annotated[int, Field(ge=1, le=MAX_STEP)]
    start: Time
    patience: Annotated[float, Field(ge=0)]
    protocol: Literal[1] = 1

    def to_kit(self) -> Site:
        """As the kit's Site."""
        return Site(self.latitude, self.longitude, self.altitude, self.time_zone, self.seed)


class MissingMessage(Message):
    """A host or a record asks the inverter to repeat the ledger records of a run after a seq.

    past: it asks all devices instead, to repeat what they have told of their past.
    """

    run: Run
    after: Seq
    past: bool = False


class BookedMessage(Message):
    """A record has written every window of a run up to a seq that anybody still has."""

    run: Run
    seq: Seq


class ClaimMessage(BaseModel):
    """Who hosts a home. machine: its name.  since, renewed: UTC seconds.  token: of this one process, never used again.

    What a later version adds is passed over: its hosts have to be seen too.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    machine: Annotated[str, Field(max_length=255)]
    pid: Annotated[int, Field(ge=0, le=2**53)]
    since: Time
    renewed: Time
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CommandMessage(BaseModel):
    """Settings to change (any names) and, optionally, the simulated time from which they hold, and who sends them."""

    model_config = ConfigDict(extra="allow")

    at: Annotated[int, Field(strict=True)] | str | None = None
    by: Annotated[str, Field(strict=True)] | None = None


class AppliedMessage(Message):
    """A command in force. time: simulated, UTC seconds.  by: who sent it, where he said so."""

    changes: dict[str, Any]
    time: Time
    by: Annotated[str, Field(min_length=1, max_length=MAX_SENDER)] | None = None

    @model_serializer(mode="wrap")
    def _as_written(self, write_all: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write_all(self)
        if self.by is None:
            del written["by"]
        return written


class ErrorMessage(Message):
    """A refusal, in words. about: the device or topic that it is about."""

    error: str
    about: str
