"""What the pages say, in English; all of it stands here."""

from __future__ import annotations

TITLE = "Virtual Devices"
PAGES = {"home": "Home", "build": "Build", "file": "File", "history": "History", "answers": "Answers", "plan": "Plan", "health": "Health", "homes": "Homes"}
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

# File: the home as its file

FILE_NO_FLEET = "No fleet says what this home is wanted to be, so there is no file to show. Homes that `virtual-devices up` starts have one."
FILE_NO_SITE = "Where this home stands is not known yet: its clock has not said so."
FILE_HEADING = "Home {home} as it is wanted, revision {revision}."
FILE_HEADING_EVENTS = "Timed events, if the file it was started from has any, are not told on the bus; they are missing here."
FILE_HEADING_OFF = "Switched off, which no file says: {names}."
FILE_TOO_LARGE = "The file is larger than 1 MiB; a home file names its data files, it does not hold them."
FILE_NO_TEXT = "Line {line} is not UTF-8 text; save the file as UTF-8."
FILE_OTHER_NAME = "The file is of home {name}. What it says of devices would be applied to {home}, which keeps its name."
FILE_OTHER_PLACE = "The place differs. A home that runs stays where it is."
FILE_OTHER_SEED = "The seed differs ({now} → {then}). A run keeps its own."
FILE_OTHER_START = "The start differs. A run that goes on keeps its own."
FILE_EVENTS = "Timed events in the file ({count}) are not applied: they count when the home is started from the file."
FILE_NAMES_FILES = (
    "It names files: {names}. They do not come along. The home reads them where it runs, from the folder of its own home file, and refuses the change "
    "where they are not there."
)
FILE_ABOUT = "What this home is wanted to be, as a home file."
FILE_EDITOR = "The home file"
FILE_LINE, FILE_LINE_COLUMN = "Line {line}", "Line {line}, column {column}"
FILE_DOWNLOAD, FILE_UPLOAD, FILE_AS_IT_RUNS = "Download", "Open a file", "As it runs"
FILE_CHANGE = "What it would change"
FILE_LOOK_ONLY = "You may read and download it. To apply one takes the role build."
FILE_COMPARE, FILE_APPLY = "Compare", "Apply"
FILE_PRUNE = "Also undo what was changed live"
"""``prune``: devices that came live are removed, others are as the file says."""
FILE_NOT_COMPARED = "Change the text, or open a file, and compare it with what runs."
FILE_READING = "One moment …"
FILE_WRONG = "Nothing is compared: {count} to mend, see below the text."
FILE_CHANGED_MEANWHILE = "The home has been changed meanwhile. Compare once more."
FILE_RUNS_OTHERWISE = "The home has been changed since this text was begun; “As it runs” shows it."
FILE_REJECTED = "This file cannot be opened: it is larger than 1 MiB, or no .yaml, .yml or .txt."
FILE_REVISIONS = "Revisions"
FILE_BY = "by {who}"
FILE_NOW = "now"
FILE_MORE = "{count} more"
FILE_BACK, FILE_BACK_TO = "Go back", "Go back to revision {revision}"
FILE_WENT_BACK = "The home is again as it was wanted in revision {revision}"
FILE_OTHER_VERSION = "What would change is not known: the home's fleet is of version {theirs}, this console of {ours}. Going back works all the same."

# A new home

MAKE_LINK = "New home"
MAKE_PLACE, MAKE_DEVICES, MAKE_FILE = "Where it stands, and how time goes", "What it has", "The home file"
MAKE_BEGIN_WITH = "Begin with an example"
MAKE_ANSWERS, MAKE_BY_ANSWERS = "Or answer a few questions", "Make the home of these answers"
MAKE_HOME_NAME = "Name of the home"
MAKE_NAME = "Name in the file"
MAKE_ZONE = "Time zone"
MAKE_SITE = {"latitude": "Latitude (north is positive)", "longitude": "Longitude (east is positive)", "altitude": "Altitude"}
MAKE_SPEED = "Speed"
MAKE_SPEEDS = {"1": "as time goes by", "60": "a minute each second", "600": "ten minutes each second", "max": "as fast as possible"}
"""Speeds as a home file has them."""
MAKE_KIND, MAKE_ADD, MAKE_REMOVE = "Kind of device", "Add", "Remove"
MAKE_TAKEN = "another device is called so"
MAKE_UNIT, MAKE_UNIT_ELSE = "in {unit}", "in {unit}; {default} where empty"
MAKE_CHECK, MAKE_ANEW, MAKE_START = "Check", "Make it anew", "Start this home"
MAKE_WRITTEN = "You have written in the file, so the form changes it no more. “Make it anew” gives up what you wrote."
MAKE_WRONG = "This cannot be started yet: {count} to mend, see below the text."
MAKE_NOT_TRIED = "It reads well. It was not tried out, since it names files that are not here: {names}. Put them beside the home file, and see `virtual-devices check`."
MAKE_HOW_TO_START = "This console starts no homes; with --homes it would. Download the file, and start it with: virtual-devices up FILE"
MAKE_LOOK_ONLY = "You may make a file and download it. To start a home takes the role build."

# -- Homes and health ------------------------------------------------------------------------------------------------------
HOMES_HEADS = {
    "state": "State", "time": "Simulated time", "soc": "Battery", "solar": "Sun", "load": "Use", "cost": "Cost today", "devices": "Devices",
    "audit": "Books",
}  # fmt: skip
PLANT, PLANT_HOMES, PLANT_STORED = "All homes together, in the last quarter of an hour of each", "{running} of {homes} run", "{stored} of {capacity}, {soc:.0f} %"
PLANT_HEADS = {
    "homes": "Homes", "grid": "Grid", "pv": "Sun", "load": "Use", "stored": "Stored", "take": "Could take", "give": "Could give", "switchable": "Could be switched",
}  # fmt: skip
HOME_COLUMN, ACTIONS_COLUMN = "Home", "What can be done"
HOME_STATES = {"running": "running", "paused": "paused", "waiting": "waits for its first window", "stopped": "stopped"}
NOT_ASKED, IN_ORDER, OUT_OF_ORDER, NOTHING_SETTLED = "not looked at yet", "in order", "NOT in order", "nothing settled"
IN_ORDER_LONG = "No joule was lost or invented in {steps} steps of {windows} windows, looked at {time}."
DEVICES_ONLINE = "{online} of {wanted}"
FILTER_HOMES = "Find a home, or a label"
HEALTH, START, STOP, COPY, DELETE, MORE = "Health", "Start", "Stop", "Copy", "Delete", "More"
HOME_STARTS, HOME_STOPS = "Starting …", "Stopping …"
STOPPED = "{home} stops; the next start goes on from there."
NO_KEEPER = "This console makes and starts no homes. One that shall: virtual-devices console --homes"
COPY_OF, HOME_NEW_NAME = "A copy of {home}", "Name of the new home"
NAME_RULE = "Lower case letters, digits and _, a letter first."
DELETE_TITLE = "Delete {home}?"
DELETE_WORDS = (
    "What it has left on the broker is cleared, and Home Assistant forgets its devices; its file goes to the trash. Type its name to go on."
)
DELETE_RECORDS = "Its records too: the history of this home on the console's machine. They cannot be fetched back."
BOOKS, PACE, PLACE, HEALTH_DEVICES, LOG, ERRORS = "Books", "Pace", "Where it runs", "Devices", "Log", "Refused and complained of"
LEDGER_DIGEST, LAST_WINDOW, STORED, GAP = "Digest", "Window", "Stored in {store}", "Just now unaccounted for"
WINDOWS_RATE, STEPS_RATE, LATE, LATE_WHO = "Windows a second", "Steps a second", "Late", "Waits for"
NOBODY, ON_TIME = "nobody", "on time"
DEVICE_COLUMNS = ("Device", "Kind", "State", "Runs for", "Restarts", "Memory")
RESTART, SHOW_LOG, RESTARTED = "Restart", "Log", "{device} is started again"
LOG_OF_HOME, REFRESH_LOG, NO_LINES = "The home as a whole", "Read again", "Nothing was said."
NO_ERRORS = "Nothing was refused."
POD = "pod {pod}, {phase}"
PROCESS_ENDED = "{home} does not run: {why}"

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

# Answers
ANSWERS_READING = "The record is being read …"
ANSWERS_AGAIN, ANSWERS_PAGE = "Read again", "Download as a page"
