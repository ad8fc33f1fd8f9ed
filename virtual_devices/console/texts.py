"""What the pages say, in English; all of it stands here."""

from __future__ import annotations

TITLE = "Virtual Devices"
PAGES = {"home": "Home", "build": "Build", "file": "File", "history": "History", "plan": "Plan", "homes": "Homes"}
"""What the pages are called, by their names."""

NO_BROKER = "No connection to the broker; what is shown is of before."
NO_HOMES = "No home is on this broker. Start one: virtual-devices up"
NOT_THERE = "There is no home of this name on the broker."
WAITS = "This home waits for its first window."
LOG_OUT = "Log out"
SIGNED_IN = "{name}, {role}"

CLOCK = "Time"
SPEEDS = {1.0: "1×", 60.0: "60×", 600.0: "600×", 0.0: "max"}
"""Simulated seconds per second; 0 as fast as possible."""
PAUSE, GO, STEP = "Pause", "Go on", "One step"
AT_SPEED = "{speed:g}×"
AS_FAST = "as fast as possible"
PAUSED = "paused"
BEHIND = "{seconds:.0f} s behind"

BATTERY, TODAY, COST, GRID, DECISION, WEATHER, OUTAGE = "Battery", "Today", "Cost today", "Grid", "Decision", "Weather", "Next outage"
TODAY_WORDS = {"sun": "Sun", "loads": "Used", "import": "From the grid", "export": "To the grid", "charged": "Charged", "discharged": "Discharged"}
CONNECTED, DARK, SWITCHED_OFF = "connected", "outage", "switched off"
PULL, PLUG_IN = "Pull the grid", "Connect the grid"
BEGINS_IN, ENDS_IN, NONE_KNOWN = "begins in {time}", "ends in {time}", "none is announced"
NO_DECISION = "–"

DEVICE_OFF, DEVICE_AWAY = "off", "not connected"
CLOSE = "Close"
READINGS = "Readings"
SWITCH_ON, SWITCH_OFF = "Switch on", "Switch off"
"""A device as a process or a container, not its mode."""
YES, NO = "yes", "no"
ALL_SETTINGS = "All settings"
NO_KINDS = "What this device can be told is not known: its home has no fleet that says so."
TAKEN = "{device}: {setting} is taken"

# Plan
PLAN_PROGRAMS, PLAN_AHEAD, PLAN_RESULT = "Programs", "The days to come", "With this plan"
PLAN_NO_PROGRAMS = "The inverter of this home has no programs by the time of day, so there is nothing to plan here. The device inverter has them: kind: inverter."
PLAN_OFF = "This home has no inverter at work: what there is only passes the grid through, and no program holds."
PLAN_NO_INVERTER = "This home has not said yet which inverter it has."
PLAN_NO_GRID = "This home has no grid: nothing is bought or sold, so a plan changes no bill, only how full the battery is."
PLAN_ONE_PRICE = "A kWh from the grid costs the same at every hour that is known ahead ({price}). A tariff with zones, or a price series, is a setting of the grid."
PLAN_PRICES = "A kWh from the grid costs {low} to {high}; sold now it earns {feed_in}."
PLAN_TIMER_OFF = "“{switch}” is off: the programs do nothing until it is on."
PLAN_MORE_BY_SIMULATING = "What is wanted, and what a kWh earns, is drawn once the days are simulated."
PLAN_USUAL = "What is wanted is the mean of the days that this home has recorded; what a kWh earns is drawn once the days are simulated."
PLAN_DRAG = "The dotted line is the level that the programs keep; its points can be dragged with a mouse to another time."
PLAN_LIMITS = "{least} to {most}"
PLAN_HORIZONS = {"day": "24 hours", "tomorrow": "Until the end of tomorrow", "week": "7 days"}
PLAN_HORIZON, PLAN_SIMULATE, PLAN_CANCEL, PLAN_APPLY, PLAN_UNDO, PLAN_RESET = "How far", "Simulate", "Cancel", "Apply", "Undo", "As the inverter has it"
PLAN_LOOKS = "Simulating and applying take the role operate."
PLAN_WAITS, PLAN_RUNS = "Waits for other simulations of this console.", "Simulates from where the home is now: {done} %"
PLAN_CANCELLED = "Cancelled; nothing was changed."
PLAN_APPLIED, PLAN_UNDONE = "The inverter has this plan.", "The inverter has the plan that it had before."
PLAN_NOTHING = "The inverter has this plan already."
PLAN_MEND = "Nothing was sent: mend what is marked."
PLAN_OTHER = "This was simulated for another plan than the one above."
PLAN_FROM = "From {start} to {end}, from where the home was when it began, both plans in the same weather."
PLAN_FROM_ALONE = "From {start} to {end}, from where the home was when it began."
PLAN_SERIES = {
    "sun": "Sun", "wanted": "Wanted", "grid": "Grid, as it is", "grid_new": "Grid, this plan", "target": "Target", "soc": "Battery, as it is",
    "soc_new": "Battery, this plan", "price": "Price", "feed_in": "Feed-in", "outage": "Outage",
}  # fmt: skip
PLAN_AXES = {"power": "kW", "level": "Battery, %", "price": "per kWh"}
PLAN_CHART = "Sun, what is wanted, the grid, the battery and prices over the time to come. The numbers stand in the tables."
PLAN_AS_IT_IS, PLAN_THIS = "As it is", "This plan"
PLAN_ROWS = {
    "amount": "Bill", "import": "Bought", "fixed": "Fixed charges", "export": "Earned", "grid_import": "From the grid", "grid_export": "To the grid",
    "pv_used": "Sun used", "dark_hours": "In the dark", "load_unserved": "Not delivered", "lowest": "Battery at its lowest", "last": "Battery at the end",
}  # fmt: skip
PLAN_ZONES, PLAN_ZONE = "By price", "At {price}"
PLAN_SAME = "Nothing is changed, so this is what will come: {facts}."
PLAN_EQUAL = "Both plans come to the same bill, {bill}."
PLAN_CHEAPER, PLAN_DEARER = "This plan is better by {by}: it costs {this}, the present one {other}.", "This plan is worse by {by}: it costs {this}, the present one {other}."
PLAN_FULLER, PLAN_EMPTIER = "It leaves {by} % more in the battery at the end, {kwh} kWh.", "It leaves {by} % less in the battery at the end, {kwh} kWh."
PLAN_WORTH = "At the cheapest price that is worth {worth}."
PLAN_LIGHTER, PLAN_DARKER = "It is {by} h less in the dark.", "It is {by} h longer in the dark."
PLAN_BILL_FACT, PLAN_DARK_FACT, PLAN_SOC_FACT = "a bill of {bill}", "{hours} h in the dark", "{soc} % in the battery at the end"
