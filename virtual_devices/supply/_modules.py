"""Modules by name: the parameters of the CEC's table, which pvlib ships, and the IV curve of strings made of them.

What is newer than that table is fitted to its data sheet (``_data_sheet``).

The curve is the single diode's (De Soto et al. 2006, with the CEC's adjustment, Dobos 2012):

    I = I_L − I_0 · (exp(V_d/a) − 1) − V_d/R_sh,    V = V_d − I · R_s

with V_d the voltage at the diode. n modules in series and s such strings in parallel have the same curve with
s · I_L, s · I_0, n/s · R_s, n/s · R_sh and n · a. Open circuit and maximum power point are found by Newton's steps, always
as many: pvlib's own vectorised searches go on until the slowest of all elements is done, so that a step's last bits
depend on its neighbours.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TABLE = "CECMod"
PARAMETERS = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")
NEWTON_STEPS = 9
"""Enough for the last bits with every module of the table, at 0.01 to 1400 W/m² and −30 to 90 °C."""
EXAMPLE = "Canadian_Solar_Inc__CS6K_300M"
SUGGESTIONS = 3
_UNDERSCORED = str.maketrans(dict.fromkeys(' -.()[]:+/",', "_"))


@dataclass(frozen=True, slots=True)
class Module:
    """One row of the table. name: pvlib's spelling.  The others: as ``pvlib.pvsystem.calcparams_cec`` takes them."""

    name: str
    alpha_sc: float
    a_ref: float
    I_L_ref: float
    I_o_ref: float
    R_sh_ref: float
    R_s: float
    Adjust: float


@lru_cache(maxsize=64)
def module(name: str) -> Module:
    """The module of a name, spelt as by pvlib or as in the table. Raises ValueError with what is similar.

    Reads the whole table (21,535 modules, 0.3 s) and keeps one row of it.
    """
    import pvlib  # noqa: PLC0415 - with pandas and scipy, half a second: only who has such a module pays for it

    table = pvlib.pvsystem.retrieve_sam(TABLE)
    key = name.strip().translate(_UNDERSCORED)
    if key not in table.columns:
        spelt = {str(known).casefold(): str(known) for known in table.columns}
        if key.casefold() not in spelt:
            raise ValueError(
                f"the CEC's table of 2019 has no module {name!r}; {_alike(key.casefold(), spelt)}; or give its data sheet: "
                "v_mp, i_mp, v_oc, i_sc, alpha_sc, beta_voc and gamma"
            )
        key = spelt[key.casefold()]
    row = table[key]
    return Module(key, **{field: float(row[field]) for field in PARAMETERS})


def _alike(key: str, spelt: dict[str, str]) -> str:
    words = [word for word in key.split("_") if word]
    near = [known for known in spelt if words and all(word in known for word in words)][:SUGGESTIONS]
    near = near or difflib.get_close_matches(key, spelt, SUGGESTIONS, cutoff=0.5)
    return f"did you mean {' or '.join(spelt[known] for known in near)}?" if near else f"names are like {EXAMPLE}"


@dataclass(frozen=True, slots=True)
class Curve:
    """IV curves, one per element. photocurrent, saturation: A.  series: Ω.  shunt: S.  thermal: a of all in series, V."""

    photocurrent: Array
    saturation: Array
    series: Array
    shunt: Array
    thermal: Array

    def chosen(self, which: npt.NDArray[np.bool_]) -> Curve:
        """The curves of some elements."""
        return Curve(
            self.photocurrent[which], self.saturation[which], self.series[which], self.shunt[which], self.thermal[which]
        )

    def at_diode(self, voltage: Array) -> tuple[Array, Array, Array]:
        """At voltages of the diode: current (A), its slope (A/V) and its bend (A/V²)."""
        forward = self.saturation * np.exp(voltage / self.thermal)
        current = self.photocurrent + self.saturation - forward - voltage * self.shunt
        steep = forward / self.thermal
        return current, -steep - self.shunt, -steep / self.thermal

    def open_circuit(self) -> Array:
        """Voltage (V) without current. Newton comes down to it from the voltage without a shunt, never past it."""
        voltage = self.thermal * np.log1p(self.photocurrent / self.saturation)
        for _ in range(NEWTON_STEPS):
            current, slope, _ = self.at_diode(voltage)
            voltage = voltage - current / slope
        return np.maximum(voltage, 0.0)

    def maximum_at(self, open_circuit: Array) -> Array:
        """Voltage of the diode (V) at the maximum power point, where d(V·I)/dV_d is 0."""
        voltage = open_circuit - self.thermal * np.log1p(open_circuit / self.thermal)
        for _ in range(NEWTON_STEPS):
            current, slope, bend = self.at_diode(voltage)
            rise = 1.0 - slope * self.series  # dV/dV_d
            terminal = voltage - current * self.series
            first = current * rise + terminal * slope
            second = 2.0 * slope * rise + bend * (terminal - current * self.series)
            voltage = np.minimum(np.maximum(voltage - first / second, 0.0), open_circuit)
        return voltage

    def point(self, at_diode: Array) -> tuple[Array, Array]:
        """Terminal voltage (V) and current (A) at voltages of the diode."""
        current = self.at_diode(at_diode)[0]
        return at_diode - current * self.series, current

    def current(self, voltage: Array) -> Array:
        """Current (A) at terminal voltages (V)."""
        import pvlib  # noqa: PLC0415

        with np.errstate(divide="ignore"):
            values = pvlib.pvsystem.i_from_v(
                voltage, self.photocurrent, self.saturation, self.series, 1.0 / self.shunt, self.thermal, method="lambertw"
            )
        return np.asarray(values, np.float64)

    def voltage(self, current: float) -> Array:
        """Terminal voltage (V) at a current (A) that all of them have."""
        import pvlib  # noqa: PLC0415

        with np.errstate(divide="ignore"):
            values = pvlib.pvsystem.v_from_i(
                current, self.photocurrent, self.saturation, self.series, 1.0 / self.shunt, self.thermal, method="lambertw"
            )
        return np.asarray(values, np.float64)


def curve(one: Module, in_series: int, strings: int, effective_irradiance: Array, temp_cell: Array) -> Curve:
    """The curves of equal strings in parallel. effective_irradiance: behind glass and losses, W/m².  temp_cell: °C."""
    import pvlib  # noqa: PLC0415

    with np.errstate(divide="ignore"):  # in the dark the shunt resistance is endless
        photocurrent, saturation, series, shunt, thermal = pvlib.pvsystem.calcparams_cec(
            effective_irradiance, temp_cell, one.alpha_sc, one.a_ref, one.I_L_ref, one.I_o_ref, one.R_sh_ref, one.R_s, one.Adjust
        )
    lengthened = in_series / strings
    return Curve(
        photocurrent * strings,
        saturation * strings,
        np.full_like(photocurrent, series * lengthened),
        1.0 / (shunt * lengthened),
        thermal * in_series,
    )
