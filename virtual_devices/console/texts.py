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

# -- Build
UNDO, NOTHING_TO_UNDO = "Undo", "Nothing to undo"
UNDOES = "Undo: {what}"
UNDONE = "Taken back: {what}"
RESET = "Reset"
DECLARED, BY_DEFAULT = "declared: {value}", "by default: {value}"
SET_UP = "Set up"
STARTS_ANEW = "What is changed here starts the device anew; it goes on from where it was."
PALETTE, PALETTE_HOW = "Devices", "Drag one to its place, or choose it for a list of places."
SHOW_PALETTE = "Add a device"
GROUPS = {
    "loads": "Loads", "switching": "Circuits", "supply": "Supply", "inverter": "Inverter", "ambient": "Surroundings", "housekeeping": "Housekeeping",
}
"""Rooms of the catalogue, by their names there."""
HOUSE = "House"
PLACES = {
    "at:roof": "Roof", "at:dc_bus": "DC bus", "at:grid": "Grid", "at:inverter": "Inverter", "at:around": "Around the house", "at:nowhere": "On no circuit",
    "on:essential": "Essential", "on:aux": "Aux", "on:non_essential": "Non-essential",
}
"""Places, by their ids; circuits have names of their own."""
PLACES_ABOUT = {
    "at:roof": "arrays", "at:dc_bus": "batteries", "at:around": "sun, weather, what keeps the books", "at:nowhere": "their circuit is gone: move them",
    "on:essential": "fed in an outage too", "on:aux": "when the inverter switches it on", "on:non_essential": "on the meter: only while the grid is there",
}
EMPTY = "nothing yet"
BIN = "Bin"
BIN_HOW = "Drop a device here to remove it"
MENU_OF, SETTINGS_OF, ADD_TO = "Menu of {name}", "Settings of {name}", "Add {title} to …"
MENU_SETTINGS, MENU_COPY, MENU_RENAME, MENU_REMOVE, MOVE_TO = "Settings", "Copy", "Rename", "Remove", "Move to"
NEW_NAME, RENAME_HOW = "New name", "Small letters, digits and _. Its history goes with it, in Home Assistant too."
NAME_AND_SETTINGS = "Name and settings"
NAME_FIELD, NAME_FREE = "Name", "empty: {name}"
NEEDS = "It cannot be without these."
CANCEL = "Cancel"
STARTING, GUEST = "starting", "guest"
NO_FLEET = "This home has no fleet that says what it could have, so nothing can be built here. Its devices are listed; `virtual-devices up` gives a home a fleet."
