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
