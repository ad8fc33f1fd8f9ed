"""What a device is: four declarations (settings, telemetry, state, physics) and one ability.

A device file declares a pydantic ``Settings``, a frozen dataclass ``State``, a frozen dataclass ``Telemetry`` and one
class that names its ability and binds the three::

    class Oven(Consumes[Settings, State, Telemetry]): ...

Everything else – validation, discovery, metrics, CLI help, schema – is derived from that. Physics are pure methods:
no clock, no I/O, no globals; noise comes from the site's seed and the step's own time, so that the same span gives the
same numbers, in one piece or in many.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast, get_args

from virtual_devices.kit.circuits import CircuitRule, Port
from virtual_devices.kit.offers import Link
from virtual_devices.kit.readings import (
    CarriesReadings,
    ConditionsReadings,
    ConnectsReadings,
    ConsumesReadings,
    KeepsReadings,
    NoTelemetry,
    ProducesReadings,
    SettlesReadings,
    StoresReadings,
)
from virtual_devices.kit.settings import (  # noqa: F401 - kinds that were written before import them from here
    Choices,
    CircuitSettings,
    ConsumerSettings,
    Detail,
    DeviceName,
    DeviceOrders,
    Document,
    Everyday,
    FileName,
    Form,
    HomeFileOnly,
    Partner,
    Settings,
)
from virtual_devices.kit.site import Context, Site  # noqa: F401 - likewise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from virtual_devices.kit.coverage import Coverage
    from virtual_devices.kit.mains import Mains
    from virtual_devices.kit.natives import Native
    from virtual_devices.kit.offers import Dispatch, Offer
    from virtual_devices.kit.quantities import Quantity
    from virtual_devices.kit.store import StoreRule
    from virtual_devices.kit.window import Span


@dataclass(frozen=True, slots=True)
class NoState:
    """Of a device that remembers nothing."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """Of a device that stores energy. stored_energy: millijoules."""

    stored_energy: int


S = TypeVar("S", bound=Settings)
T = TypeVar("T")
R = TypeVar("R")


class Device(ABC, Generic[S, T, R]):
    """A kind of device. Type arguments: its Settings, State and Telemetry."""

    title: ClassVar[str] = ""
    icon: ClassVar[str] = "mdi:power-plug"
    """Of Material Design Icons, for pages and forms."""
    native: ClassVar[Native | None] = None
    """What it is to the people who use it, where that is more than a switch."""
    main: ClassVar[str] = ""
    """The order that faces call by the device's own name; of a load that can be switched it is its switch."""
    ability: ClassVar[str] = ""
    readings_type: ClassVar[type[Any]] = NoTelemetry
    settings_type: ClassVar[type[Settings]] = Settings
    orders_type: ClassVar[type[DeviceOrders]] = DeviceOrders
    state_type: ClassVar[type[Any]] = NoState
    telemetry_type: ClassVar[type[Any]] = NoTelemetry
    entity_names: ClassVar[Mapping[str, str]] = {}
    """Names of entities that differ from the field's, where a setting ``entity_prefix`` makes ids as another product has them."""
    also_named: ClassVar[Mapping[str, str]] = {}
    """Likewise: second entities, ``platform.name``, of fields that have one already."""
    former_defaults: ClassVar[Mapping[int, Mapping[str, Any]]] = {}
    """By version of checkpoints: what settings were by default before it, in JSON form, that follow others by default since, or are unset."""
    unset_for_good: ClassVar[frozenset[str]] = frozenset()
    """Settings for which, unset, ``in_force`` gives all that holds, at any time."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.site = context.site
        self.name = context.name

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = get_args(base)
            if len(arguments) == 3 and not any(isinstance(argument, TypeVar) for argument in arguments):  # noqa: PLR2004 - S, T, R
                cls.settings_type, cls.state_type, cls.telemetry_type = arguments

    def spelled_out(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Changes of settings that a command means; a device that takes other words than its settings' names overrides this.

        Raises SettingError.
        """
        return changes

    @classmethod
    def without_face(cls, settings: Mapping[str, Any]) -> Collection[str]:  # noqa: ARG003 - its signature is the same for every kind
        """Names of settings, orders and readings that mean nothing under settings (JSON form), so that no dashboard shows them."""
        return ()

    def may_obey(self, settings: S, orders: Mapping[str, Any]) -> None:
        """Raises SettingError for orders that make no sense under settings."""

    def obey(self, settings: S, state: T, orders: Mapping[str, Any], time: int) -> T:
        """State after orders (JSON form, by the fields of ``orders_type``) that come into force at ``time`` (UTC seconds)."""
        return state

    def touchstones(self) -> Sequence[T]:
        """States that tell orders apart, whatever live settings hold: rows of orders that leave each of them alike leave every state alike.

        Of many orders that wait, those are dropped that make no difference; without touchstones none.
        """
        return ()

    def begin(self, settings: S) -> T:
        """State at a fresh start. A device whose State has no defaults overrides this."""
        return cast("T", self.state_type())

    def warnings(self, settings: S, start: int, step: int) -> list[str]:
        """What is allowed, but hardly meant, at a start at ``start`` (UTC seconds) with steps of ``step`` s.

        One line each, and how to mend it; ``check`` warns of them.
        """
        return []

    def notes(self, settings: S, start: int) -> list[str]:
        """What is worth knowing before a start at ``start`` (UTC seconds), and nothing to mend; one line each.

        Raises ConfigurationError for what does not fit that start.
        """
        return []

    def in_force(self, settings: S, time: int) -> Mapping[str, Any]:
        """What holds at ``time`` (UTC seconds) for settings that may be unset (null), in JSON form; faces show it in their place."""
        return {}

    def coverage(self, settings: S, end: int) -> list[Coverage]:
        """For what time each file that the settings name says something, as it looks at ``end`` (UTC seconds); one without end needs none."""
        return []

    def past(self, settings: S, start: int) -> list[str]:
        """What it names and a home that starts now, at ``start`` (UTC seconds), is too late for; one line each."""
        return []

    def skip(self, settings: S, state: T, since: int, start: int) -> T:
        """State at ``start`` where the home skips the time ``since`` then (UTC seconds) and nothing is due for it; idempotent."""
        return state

    def report(self, settings: S, state: T, time: int) -> R:
        """Own telemetry at ``time`` (UTC seconds), beside what its ability reports for it."""
        return cast("R", self.telemetry_type())

    def month_start(self, settings: S, time: int) -> int:
        """UTC seconds since which its readings of a month count, seen from ``time``: the calendar's month, unless the device has another."""
        return self.site.calendar.month_start(time)

    def standing(self, settings: S, state: T, time: int) -> Mapping[str, float | None] | None:
        """Numbers of its own telemetry that are kept for good as they stood at the end of each quarter-hour, ``time``.

        None: those that ``report`` gives, but for details and what falls to 0 with the day or month. A device whose report takes long, or of
        which some numbers say nothing later, overrides this.
        """
        return None


class Ticks(Device[S, T, R]):
    """The clock: it cuts simulated time into windows."""

    ability = "ticks"

    @abstractmethod
    def window_steps(self, settings: S, step: int, behind: float) -> int:
        """Steps of a window that is due, ``behind`` simulated seconds late. step: s."""


class Conditions(Device[S, T, R]):
    """Gives conditions that others depend on: sun, weather, a switch.

    fields: what it publishes; each value is an integer in thousandths of the quantity's unit.  folded: those that faces hide from a first look.
    """

    ability = "conditions"
    readings_type = ConditionsReadings
    fields: ClassVar[Mapping[str, Quantity]] = {}
    folded: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def conditions(self, settings: S, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]) -> dict[str, list[int]]:
        """One integer per field and step. A pure function of settings, absolute time and inputs, element by element."""

    def forecast_error(self, settings: S) -> float:
        """How far a forecast of what it gives is off: the standard deviation of the logarithm of a power that comes of it, 0.2 for a fifth."""
        return 0.0

    def years(self, settings: S) -> Sequence[Mapping[str, Any]] | None:
        """Changes of settings that make each other year which it knows; none: every year is alike.  None: each seed makes another."""
        return ()


class Consumes(Device[S, T, R]):
    """Draws power from a circuit. Its Settings derive from ConsumerSettings."""

    ability = "consumes"
    readings_type = ConsumesReadings

    @abstractmethod
    def draw(
        self,
        settings: S,
        state: T,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001 - the one fact a step's next state depends on
    ) -> tuple[list[int], T]:
        """Demand in milliwatts per step, and the state after the span, if it is (or is not) supplied throughout.

        A step's demand depends on state and time; its next state on whether it was supplied. When not supplied the
        demand is what it would draw if power returned in that very step. Two spans in a row give the same as one.
        """


class Produces(Device[S, T, R]):
    """Gives power to the DC bus, from the outside source ``source``."""

    ability = "produces"
    readings_type = ProducesReadings
    source: ClassVar[str] = "sun"

    @abstractmethod
    def available(self, settings: S, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]) -> list[int]:
        """Most milliwatts it can give per step."""

    def columns(
        self, settings: S, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        """Integers per step by name: ``power`` is what is available; a device may add more.

        ``clipped_power`` (mW), which it could not even offer, is counted for it; anything else is for ``operation``.
        """
        return {"power": self.available(settings, span, inputs)}

    def rated_power(self, settings: S) -> float | None:
        """W of all of it under standard test conditions; None where that means nothing."""
        return None

    def insolation(self, settings: S, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]) -> list[int] | None:
        """Irradiance on its plane at the start of each step, mW/m², before any loss; None where that means nothing. Asked by whoever looks back."""
        return None

    def operation(self, settings: S, state: T, time: int, last: Mapping[str, int]) -> R:
        """Own telemetry after a step, of which ``last`` has the columns, and as ``power`` the mW that were used."""
        return self.report(settings, state, time)


class Stores(Device[S, T, R]):
    """Stores energy on the DC bus. Its State derives from StoreState; it proposes a rule, not a series.

    Settings and state make the rule. What changes it with time (temperature, ageing) ``turn`` takes into the state, on a
    fixed grid of absolute time where every offer ends, so that a rule holds for as long as it was offered for.
    """

    ability = "stores"
    readings_type = StoresReadings

    @abstractmethod
    def rule(self, settings: S, state: T) -> StoreRule:
        """The generic integer store that this device is now; the stored energy itself does not matter to it."""

    def turns(self, settings: S) -> int:
        """Seconds of the grid of UTC on which ``turn`` may change the rule; 0: it never does."""
        return 0

    def turns_with_use(self, settings: S) -> int:
        """Seconds of the grid on which ``turn`` looks at what ``wear`` has counted, or changes the capacity; a multiple of ``turns``.

        The turns in between follow from time and conditions alone, so that they can be foreseen. As long as nobody says which those are, none is.
        """
        return self.turns(settings)

    def turn(self, settings: S, state: T, time: int, inputs: Mapping[str, Mapping[str, int]]) -> T:
        """State at the start of the step at ``time``. inputs: the conditions of that step.

        It is asked before every offer, and changes something only in the first step since a full ``turns``.
        """
        return state

    def temperature(self, settings: S, state: T) -> int | None:
        """Of its cells, m°C, as its management tells an inverter; None: it tells nothing."""
        return None

    def wear(self, settings: S, state: T, charged: int, discharged: int) -> T:
        """State after so many millijoules went in and out at the terminals. Two shares in a row give the same as one."""
        return state


class Carries(Device[S, T, R]):
    """Stands between a circuit and what hangs on it. Its Settings derive from CircuitSettings, its State from CarrierState.

    It proposes a rule, not a series: what it does by itself, see ``virtual_devices.kit.circuits``. What the clock turns, ``turned`` turns.
    """

    ability = "carries"
    readings_type = CarriesReadings

    @abstractmethod
    def rule(self, settings: S) -> CircuitRule:
        """What it does by itself."""

    def turned(self, settings: S, state: T, span: Span) -> T:
        """State at the start of a span, after what has become due since the step before it began. Asked again, it says the same."""
        return state

    def next_turn(self, settings: S, state: T, time: int) -> int | None:
        """When, after ``time`` (UTC seconds), ``turned`` may turn something next; None: never, or not as far as anybody asks."""
        return None

    def tripped(self, settings: S, state: T, time: int) -> T:
        """State after an overload has opened it in the step that ended at ``time`` (UTC seconds)."""
        return state

    def operation(self, settings: S, state: T, time: int, power: int) -> R:
        """Own telemetry after a step in which it carried ``power`` mW."""
        return self.report(settings, state, time)


class Connects(Device[S, T, R]):
    """The grid: a link that is there or not, with limits, and its bill.

    bill_readings: which of its readings say what it comes to: ``amount`` is ``import`` and ``fixed`` less ``export``.
    """

    ability = "connects"
    readings_type = ConnectsReadings
    bill_readings: ClassVar[Mapping[str, str]] = {
        "amount": "cost", "import": "import_cost", "export": "export_income", "fixed": "fixed_cost"
    }  # fmt: skip

    @abstractmethod
    def link(self, settings: S, span: Span) -> list[Link]:
        """The link over the span, run-length; the steps add up to the span's."""

    def agreed(self, settings: S, state: T, span: Span) -> T:
        """State before a span that is about to be proposed, with what ``bill`` needs then of files that others may replace meanwhile.

        Asked only where the state is kept for whoever goes on from it; ``bill`` gives the same without.
        """
        return state

    def bill(self, settings: S, state: T, span: Span, imported: Sequence[int], exported: Sequence[int]) -> T:
        """State after the span's import and export (milliwatts per step): what it costs."""
        return state

    @abstractmethod
    def mains(self, settings: S) -> Mains:
        """The rule of voltage and frequency at the meter while it is connected."""


class Settles(Device[S, T, R]):
    """The inverter: decides every window's flows.

    switchboard: settings under which it only passes the grid through; a kind that has some stands in where a home has no inverter.
    ports: what loads and circuits may hang on, by name.
    """

    ability = "settles"
    readings_type = SettlesReadings
    switchboard: ClassVar[Mapping[str, Any]] = {}
    ports: ClassVar[Mapping[str, Port]] = {}

    @abstractmethod
    def dispatch(self, settings: S, state: T, span: Span, offers: Mapping[str, Offer]) -> tuple[Dispatch, T]:
        """Flows of the first steps of a span, and the state after them.

        Every offer covers at least the span. It ends early, with the step in which a consumer's supply changes; what
        it decides for a step must not depend on how many steps it is asked for.
        """

    def reach(self, settings: S) -> tuple[int, int | None]:
        """How far stores can be used while there is a grid: parts per million of its capacity that each keeps, and the most mW either way, None: no limit."""
        return 0, None

    def compile(self) -> None:
        """Dispatch with compiled code from now on, if there is any; the results are the same. Raises ImportError without numba."""


class Keeps(Device[S, T, R]):
    """Writes down what happens in its home. It has no part in a window; what it has written its ability reports."""

    ability = "keeps"
    readings_type = KeepsReadings


def milliwatts(watts: float) -> int:
    """Whole milliwatts of a setting in watts."""
    return round(watts * 1000)


def millijoules(kilowatt_hours: float) -> int:
    """Whole millijoules of a setting in kilowatt-hours."""
    return round(kilowatt_hours * 3_600_000_000)


def series(runs: list[tuple[int, bool]], power: int) -> list[int]:
    """Expand (steps, on?) runs to one value per step: ``power`` where on, else 0."""
    values: list[int] = []
    for steps, on in runs:
        values += [power if on else 0] * steps
    return values


AnyDevice = Device[Any, Any, Any]
