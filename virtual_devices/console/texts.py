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

# History
PAST_PERIODS = {"day": "Day", "week": "Week", "month": "Month", "year": "Year", "all": "All"}
EARLIER, LATER, OUT, NEWEST, DATE, RUN = "Earlier", "Later", "Zoom out", "Newest", "Date", "Run"
UNITS = {"power": "kW", "level": "%", "air": "°C", "happened": ""}
PURPOSES = {
    "pv_used": "Sun", "battery_discharge": "Battery", "grid_import": "Grid", "load_served": "Loads", "battery_charge": "Charging", "grid_export": "Sold",
    "load_unserved": "Not served", "losses": "Losses",
}  # fmt: skip
HAPPENED = {
    "command": "Commands", "refusal": "Refusals", "outage": "Outages", "grid back": "Grid back", "trip": "Trips", "trip over": "Trips over",
    "decision": "Decisions", "came": "Came", "went": "Went",
}  # fmt: skip
AIR, PRICE, PER_KWH, OTHERS = "Air °C", "Price", "per kWh", "others"
NO_RECORD = "Nothing is recorded of this home where this console looks."
HOW_TO_RECORD = (
    "A home that `virtual-devices up` runs records itself; `up --console` tells its console where. Give another console the home's state folder: "
    "virtual-devices console --records FOLDER. A home may also have a device of kind record."
)
NOTHING_THEN = "Nothing is recorded of this time; the record is from {start} to {end}."
POWER_CHART = "Power by source and use, state of charge, price, temperature and happenings over time; what it shows is told in the tables below."
HOW_TO_ZOOM = "Click or tap a moment to ask about it. Drag the bar below the chart, or turn the wheel with Ctrl, to look closer."
DARK_ONCE, DARK_FOR, NO_OUTAGES = "1 outage, {hours} without the grid", "{count} outages, {hours} without the grid", "no outage"
AT_A_MOMENT, ASK, MOMENT = "At a moment", "Why?", "Moment"
NO_MOMENT = "What was decided and why, who set what led to it, what flowed and cost: choose a moment here, in the chart, or among what happened."
ABOUT = {"Decision": "Decision", "Grid": "Grid", "Flows": "Flows", "Cost": "Cost"}
SETTINGS_THEN, ALL_THEN = "Settings, and who set them", "Settings of all devices"
ENERGY, PER_DAY, PER_MONTH, TOTAL = "Energy, kWh", "Day", "Month", "Together"
WHAT_HAPPENED, NOTHING_HAPPENED, MORE_HAPPENED = "What happened", "Nothing of these kinds.", "The newest {shown} of {all}; a shorter time shows the others."
TIME_COLUMN, DEVICE_COLUMN, KIND_COLUMN, WHAT_COLUMN = "Time", "Device", "What", "Said"
SETTING_COLUMN, VALUE_COLUMN, BY_COLUMN = "Setting", "Value", "Set by"
CSV = "Download CSV"
