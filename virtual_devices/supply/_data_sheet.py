"""A module by its data sheet: the five parameters of De Soto et al. 2006, fitted by pvlib, and an adjustment by which the power's coefficient is met.

The CEC's table that pvlib ships is of March 2019; what is newer has a data sheet.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from virtual_devices.supply._modules import Module

CELL = 0.69
"""Open-circuit voltage of a cell of crystalline silicon, V."""
GROUP = 6
"""Cells come in columns: their number is a multiple of this."""
WARM = 50.0
"""°C at which the power's coefficient is compared with that at 25 °C."""
REACH = 100.0
"""Adjustments in percent that are tried, both ways."""
HIGHEST, LEAST_FILL = 0.99, 0.45
"""Bounds of Vmp/Voc and Imp/Isc, and of their product, that no module is beyond."""
LEAST_BETA = 0.05
"""%/K by which the voltage of every module falls at least."""
VOLTS = 0.025693
"""Thermal voltage of a cell at 25 °C, V."""
IDEALITIES, SERIES, SHUNTS = (1.0, 1.2, 0.9, 1.5), (0.05, 0.02, 0.1, 0.005), (40.0, 150.0, 600.0)
"""Guesses: ideality of a cell's diode, and resistances as parts of Voc/Isc."""
NO_SHUNT = 1e6
"""Ω from which on a shunt is none."""
ALIKE = 0.01
"""Difference of fitted and given power, as a part, above which a sheet contradicts itself."""
_SUM = "look at the data sheet once more: Vmp is 80 to 87 % of Voc, Imp 92 to 97 % of Isc"


class DataSheet(NamedTuple):
    """At 1000 W/m² and 25 °C: V and A of one module, coefficients in %/K. cells: in series, None to guess."""

    name: str
    v_mp: float
    i_mp: float
    v_oc: float
    i_sc: float
    alpha_sc: float
    beta_voc: float
    gamma: float
    cells: int | None = None


@lru_cache(maxsize=64)
def fitted(sheet: DataSheet) -> Module:
    """The module of a data sheet. Raises ValueError, with the remedy, for numbers that no module has."""
    if abs(sheet.beta_voc) < LEAST_BETA:
        raise ValueError(f"beta_voc {sheet.beta_voc:g} %/K is that of no module; write {100 * sheet.beta_voc:g} %/K if a part of 1 is meant")
    voltage, current = sheet.v_mp / sheet.v_oc, sheet.i_mp / sheet.i_sc
    if not (voltage < HIGHEST and current < HIGHEST and voltage * current > LEAST_FILL):
        raise ValueError(f"v_mp, i_mp, v_oc and i_sc do not fit one another; {_SUM}")
    for guess in _guesses(sheet):
        found = _fit(sheet, guess)
        if found is not None:
            return _adjusted(found, sheet.gamma)
    cells = "of half cells, half of them are in series" if sheet.cells else "and say cells_in_series"
    raise ValueError(f"no single diode fits the data sheet; {_SUM}; {cells}")


def _cells(sheet: DataSheet) -> int:
    return sheet.cells or max(1, round(sheet.v_oc / CELL / GROUP) * GROUP)


def _guesses(sheet: DataSheet) -> Iterator[dict[str, float]]:
    """Where to begin: the equations lead to their solution only from near it."""
    ohms = sheet.v_oc / sheet.i_sc
    for ideality, series, shunt in itertools.product(IDEALITIES, SERIES, SHUNTS):
        thermal = ideality * VOLTS * _cells(sheet)
        yield {
            "IL_0": sheet.i_sc, "Io_0": sheet.i_sc * float(np.exp(-sheet.v_oc / thermal)), "Rs_0": series * ohms, "Rsh_0": shunt * ohms, "a_0": thermal
        }  # fmt: skip


def _fit(sheet: DataSheet, guess: dict[str, float]) -> Module | None:
    """The module that is found from a guess; None where it is none."""
    import pvlib  # noqa: PLC0415 - with pandas and scipy, half a second: only who has such a module pays for it

    alpha, beta = sheet.alpha_sc / 100.0 * sheet.i_sc, sheet.beta_voc / 100.0 * sheet.v_oc
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found, _ = pvlib.ivtools.sdm.fit_desoto(sheet.v_mp, sheet.i_mp, sheet.v_oc, sheet.i_sc, alpha, beta, _cells(sheet), init_guess=guess)
            shunt = float(found["R_sh_ref"])
            shunt = NO_SHUNT if abs(shunt) > NO_SHUNT else shunt  # endless, of whichever sign
            one = Module(
                sheet.name, alpha, float(found["a_ref"]), float(found["I_L_ref"]), float(found["I_o_ref"]), shunt, float(found["R_s"]), 0.0
            )
            if min(one.a_ref, one.I_L_ref, one.I_o_ref, one.R_sh_ref) <= 0 or one.R_s < 0:
                return None
            power = _power(one, 25.0)
    except (RuntimeError, ValueError, ArithmeticError):
        return None
    return one if abs(power / (sheet.v_mp * sheet.i_mp) - 1.0) < ALIKE else None


def _adjusted(base: Module, gamma: float) -> Module:
    """The module whose power falls by ``gamma`` (%/K): the adjustment acts on the current's coefficient, and is found between two bounds."""
    low, high = _with(base, -REACH), _with(base, REACH)
    at_low, at_high = _gamma(low), _gamma(high)
    if at_low == at_high:
        return base
    adjust = -REACH + (gamma - at_low) / (at_high - at_low) * 2.0 * REACH  # it is a straight line, nearly
    return _with(base, float(np.clip(adjust, -REACH, REACH)))


def _with(base: Module, adjust: float) -> Module:
    return Module(base.name, base.alpha_sc, base.a_ref, base.I_L_ref, base.I_o_ref, base.R_sh_ref, base.R_s, adjust)


def _gamma(one: Module) -> float:
    """Change of power in %/K."""
    return (_power(one, WARM) / _power(one, 25.0) - 1.0) * 100.0 / (WARM - 25.0)


def _power(one: Module, temp_cell: float) -> float:
    """Watts at 1000 W/m²."""
    import pvlib  # noqa: PLC0415

    parameters = pvlib.pvsystem.calcparams_cec(
        1000.0, temp_cell, one.alpha_sc, one.a_ref, one.I_L_ref, one.I_o_ref, one.R_sh_ref, one.R_s, one.Adjust
    )
    return float(pvlib.pvsystem.max_power_point(*parameters, method="newton")["p_mp"])
