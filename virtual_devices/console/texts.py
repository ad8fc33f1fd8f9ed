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

# -- Homes and health ------------------------------------------------------------------------------------------------------
PAGES = {**PAGES, "health": "Health"}
HOMES_HEADS = {
    "state": "State", "time": "Simulated time", "soc": "Battery", "solar": "Sun", "load": "Use", "cost": "Cost today", "devices": "Devices",
    "audit": "Books",
}  # fmt: skip
HOME_COLUMN, ACTIONS_COLUMN = "Home", "What can be done"
HOME_STATES = {"running": "running", "paused": "paused", "waiting": "waits for its first window", "stopped": "stopped"}
NOT_ASKED, IN_ORDER, OUT_OF_ORDER, NOTHING_SETTLED = "not looked at yet", "in order", "NOT in order", "nothing settled"
IN_ORDER_LONG = "No joule was lost or invented in {steps} steps of {windows} windows, looked at {time}."
DEVICES_ONLINE = "{online} of {wanted}"
FILTER_HOMES = "Find a home"
HEALTH, START, STOP, COPY, DELETE, CANCEL, MORE = "Health", "Start", "Stop", "Copy", "Delete", "Cancel", "More"
STARTING, STOPPING = "Starting …", "Stopping …"
STOPPED = "{home} stops; the next start goes on from there."
NO_KEEPER = "This console makes and starts no homes. One that shall: virtual-devices console --homes"
COPY_OF, NEW_NAME = "A copy of {home}", "Name of the new home"
NAME_RULE = "Lower case letters, digits and _, a letter first."
DELETE_TITLE = "Delete {home}?"
DELETE_WORDS = (
    "What it has left on the broker is cleared, and Home Assistant forgets its devices; its file goes to the trash. Type its name to go on."
)
DELETE_RECORDS = "Its records too: the history of this home on the console's machine. They cannot be fetched back."
BOOKS, PACE, PLACE, HEALTH_DEVICES, LOG, ERRORS = "Books", "Pace", "Where it runs", "Devices", "Log", "Refused and complained of"
LEDGER_DIGEST, LAST_WINDOW, STORED, GAP = "Digest", "Window", "Stored in {store}", "Just now unaccounted for"
WINDOWS_RATE, STEPS_RATE, LATE, LATE_WHO, SIMULATED_RATE = "Windows a second", "Steps a second", "Late", "Waits for", "Simulated a second"
NOBODY, ON_TIME = "nobody", "on time"
DEVICE_COLUMNS = ("Device", "Kind", "State", "Runs for", "Restarts", "Memory")
RESTART, SHOW_LOG, RESTARTED = "Restart", "Log", "{device} is started again"
LOG_OF_HOME, REFRESH_LOG, NO_LINES = "The home as a whole", "Read again", "Nothing was said."
NO_ERRORS = "Nothing was refused."
POD = "pod {pod}, {phase}"
PROCESS_ENDED = "{home} does not run: {why}"
