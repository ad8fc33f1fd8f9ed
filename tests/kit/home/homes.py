"""Home files, good and bad."""

from __future__ import annotations

GOOD = """\
home: my_home
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock:
  start: 2026-06-21 06:30
  step: 60 s
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 35 %}
  roof: {kind: pv_array, capacity: 3.3 kW}
  battery:
  grid: {outages: 18:00-20:30}
  inverter: {rated_power: 5 kW}
  oven:
    priority: 7
    mode: off
events:
  - {at: 2026-06-21 17:45, device: oven, set: {mode: on}}
  - {at: 2026-06-21 07:00, device: oven, set: {setpoint: 220}}
"""


BEFORE_SOLAR = """\
home: plain
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-01-01}
devices: {grid: {}, oven: {}}
"""


# (text to replace, by what, line, what the message says, how it says to mend it)
REFUSALS = {
    "device names": ("seed: 7", "seed: 7\ndevice_names: long", 7, "'long' is none of its choices", "use plain or with_home"),
    "former name is its own": ("roof: {", "roof: {former_name: roof, ", 10, "roof is what it is called now", "name what it was called before"),
    "former name of a device that is there": ("roof: {", "roof: {former_name: oven, ", 10, "there is a device 'oven' in this home", "leave it out"),
    "former name of the clock": ("roof: {", "roof: {former_name: clock, ", 10, "there is a device 'clock' in this home", "leave it out"),
    "former name of the fleet": ("roof: {", "roof: {former_name: fleet, ", 10, "no device but a fleet was ever called so", "name what it was called before"),
    "former name of two": ("sun: {}", "sun: {former_name: a}\n  tv: {former_name: a}", 9, "sun was called a too", "leave it out of the other"),
    "former name that is none": ("roof: {", "roof: {former_name: The roof, ", 10, "'The roof' does not fit", "use text like"),
    "empty": (GOOD, "", 1, "is no home", "begin with `home: my_home`"),
    "list": (GOOD, "- a\n- b\n", 1, "is no home", "begin with `home: my_home`"),
    "broken yaml": ("{}\n  weather", "{\n  weather", 10, "a flow mapping (begun in line 8) expected", "mend the indentation, quote or bracket"),
    "tab": ("  sun: {}", "\tsun: {}", 8, "broken YAML", "mend the indentation"),
    "control character": ("seed: 7", "seed: \x07", 6, "broken YAML", "remove it"),
    "two documents": ("seed: 7", "---\nseed: 7", 6, "second document", "keep one home in a file"),
    "anchor": ("sun: {}", "sun: &a {}", 8, "anchors and aliases", "write the value out"),
    "alias": ("sun: {}", "sun: *a", 8, "anchors and aliases", "write the value out"),
    "tag": ("seed: 7", "seed: !!str 7", 6, "tag tag:yaml.org,2002:str", "leave it out"),
    "too deep": ("seed: 7", "seed: " + "[" * 20, 6, "nested deeper than 12 levels", "a home file needs four"),
    "list as key": ("seed: 7", "? [a]\n: 7", 6, "a key is a list or a map", "write a plain name before the colon"),
    "duplicate section": ("seed: 7", "seed: 7\nseed: 8", 7, "'seed' is written twice (first in line 6)", "keep one"),
    "duplicate device": ("  oven:\n", "  sun: {}\n  oven:\n", 14, "'sun' is written twice (first in line 8)", "keep one"),
    "unknown section": ("devices:", "devises:", 7, "there is no section 'devises'", "did you mean 'devices'?"),
    "no name": ("home: my_home\n", "", 1, "the home has no name", "add `home: my_home`"),
    "bad name": ("home: my_home", "home: My-Home", 1, "'My-Home' is no name", "lower case letters, digits and _"),
    "long name": ("home: my_home", "home: a" + "b" * 40, 1, "is no name; use at most 40", "lower case letters"),
    "number as name": ("home: my_home", "home: 5", 1, "5 is no name", "begin with a letter"),
    "seed": ("seed: 7", "seed: lucky", 6, "seed: 'lucky' is no seed", "whole number from 0 to"),
    "boolean seed": ("seed: 7", "seed: true", 6, "seed: true is no seed", "whole number"),
    "no site": ("site: {", "sight: {", 1, "section site is missing", "add `site: {latitude:"),
    "site is a word": (GOOD[GOOD.index("site:") : GOOD.index("clock:")], "site: Cape Town\n", 2, "site should be a map", "write `site: {"),
    "latitude missing": ("latitude: -33.92, ", "", 2, "site.latitude: is missing", "give -90 to 90 °"),
    "latitude out of range": ("-33.92", "-93.92", 2, "site.latitude: -93.92 is out of range", "use -90 to 90 °"),
    "altitude's unit": ("25 m", "25 stone", 2, "site.altitude: unit 'stone' is not understood", "use m, km, ft"),
    "unknown key in site": ("altitude", "altitud", 2, "there is no such setting", "did you mean 'altitude'?"),
    "unknown zone": ("Africa/Johannesburg", "Africa/Nowhere", 2, "time zone 'Africa/Nowhere' is unknown", "use an IANA name"),
    "no start": ("  start: 2026-06-21 06:30\n", "", 4, "clock.start is missing", "add `clock: {start: 2026-06-21 06:30}`"),
    "start now": ("2026-06-21 06:30\n", "now\n", 4, "there is no now here", "give a time such as 2026-06-21 06:30"),
    "start is no time": ("2026-06-21 06:30\n", "dawn\n", 4, "clock.start: 'dawn' is no time", "write 2026-06-21 06:30 (local time)"),
    "start on no day": ("2026-06-21 06:30\n", "2026-02-30\n", 4, "'2026-02-30' is no time", "write 2026-06-21 06:30"),
    "start too far": ("2026-06-21 06:30\n", "1066-10-14\n", 4, "is too far away", "use the years 1970 to 2199"),
    "clock is a word": ("clock:\n  start: 2026-06-21 06:30\n  step: 60 s", "clock: fast", 3, "clock should be a map", "write `clock: {start:"),
    "step zero": ("60 s", "0", 5, "setting 'step': 0 is out of range", "use 1 to 3600 s"),
    "step negative": ("60 s", "-60", 5, "setting 'step': -60 is out of range", "use 1 to 3600 s"),
    "step too long": ("60 s", "2 h", 5, "setting 'step': '2 h' is out of range", "use 1 to 3600 s"),
    "step of half a second": ("60 s", "1.5", 5, "1.5 is between two steps", "use multiples of 1"),
    "speed negative": ("60 s", "60\n  speed: -1", 6, "setting 'speed': -1 is out of range", "use 0 to 1000000"),
    "speed is a word": ("60 s", "60\n  speed: fast", 6, "setting 'speed': 'fast' does not fit", "use 0 to 1000000"),
    "site in the clock": ("step: 60 s", "latitude: 5", 5, "clock: latitude does not belong here", "write it in the section site"),
    "no devices": (GOOD[GOOD.index("devices:") :], "", 1, "section devices is missing", "add `devices: {grid: {}, oven: {}}`"),
    "devices is a list": (GOOD[GOOD.index("devices:") :], "devices: [oven]\n", 7, "devices should be a map", "write `devices: {"),
    "clock among the devices": ("battery:", "clock: {}", 11, "every home has its clock already", "set it in the section `clock:`"),
    "clock by another name": ("battery:", "timer: {kind: clock}", 11, "every home has its clock", "take it out of devices"),
    "bad device name": ("battery:", "Battery 1:", 11, "device 'Battery 1' is no name", "lower case letters, digits and _"),
    "device is a word": ("battery:", "battery: big", 11, "device battery should be a map", "write `battery: {}`"),
    "unknown kind": ("kind: pv_array", "kind: pv_aray", 10, "device roof: there is no kind 'pv_aray'", "did you mean 'pv_array'?"),
    "kind from an odd name": ("battery:", "batery:", 11, "there is no kind 'batery'", "did you mean 'battery'? (the kind defaults to the name"),
    "kind is a number": ("kind: pv_array", "kind: 5", 10, "kind 5 is no word", "virtual-devices kinds"),
    "unknown setting": ("capacity: 3.3 kW", "capacty: 3.3 kW", 10, "setting 'capacty': there is no such setting", "did you mean 'capacity'?"),
    "wrong unit": ("3.3 kW", "3.3 kWh", 10, "setting 'capacity': unit 'kWh' is not understood here", "use W, kW, mW, MW"),
    "out of range": ("priority: 7", "priority: 11", 15, "setting 'priority': 11 is out of range", "use 1 to 10"),
    "unknown choice": ("mode: off", "mode: of", 16, "setting 'mode': 'of' is none of its choices", "did you mean 'off'?"),
    "bad times": ("18:00-20:30", "evening", 12, "'evening' is no period of the day", 'write "18:00-20:30"'),
    "missing partner": ("  sun: {}\n", "", 8, "device weather: sun: there is no device 'sun'", "add `sun: {}` under devices"),
    "named partner missing": ("capacity: 3.3 kW", "weather: sky", 10, "there is no device 'sky'", "add `sky: {kind: …}` under devices or name one of: weather"),
    "partner of another ability": ("capacity: 3.3 kW", "weather: oven", 10, "'oven' is a oven, which does not give conditions", "name another or name one of: weather"),
    "partner without the fields": ("capacity: 3.3 kW", "weather: sun", 10, "'sun' is a sun, which does not give ghi", "name one of: weather"),
    "two inverters": ("battery:", "second: {kind: inverter}", 13, "a second inverter beside second", "keep one of them"),
    "two grids": ("battery:", "municipal: {kind: grid}", 12, "a second grid connection beside municipal", "keep one of them"),
    "account's name": ("battery:", "meter: {kind: oven}", 11, "the ledger has an account 'meter' of its own", "rename the device"),
    "source's name": (GOOD[GOOD.index("devices:") :], "devices: {sky: {kind: sun}, roof: {kind: pv_array, sun: sky},\n sun: {kind: oven}}", 8, "the ledger has an account 'sun' of its own", "rename the device"),
    "grid's name": ("  grid: {outages: 18:00-20:30}", "  grid: {kind: tv}", 12, "the ledger has an account 'grid' of its own", "rename the device"),
    "record's name": ("battery:", "record: {kind: tv}", 11, "only a device of kind record may be called record, this one is of kind tv", "rename it"),
    "fleet's name": ("battery:", "fleet: {kind: tv}", 11, "only a device of kind fleet may be called fleet, this one is of kind tv", "rename it"),
    "fleet without a kind": ("battery:", "fleet:", 11, "there is no kind 'fleet' yet, and no other device may be called fleet", "rename it"),
    "host's name": ("battery:", "host: {kind: tv}", 11, "no device may be called host, which stands for whoever hosts the home", "rename it"),
    "books of nobody": ("step: 60 s", "step: 60 s\n  books: record", 6, "device clock: books: there is no device 'record'", "add `record: {}` under devices"),
    "books of an oven": ("step: 60 s", "step: 60 s\n  books: oven", 6, "books: device 'oven' is a oven, which is no record", "name another"),
    "switchboard's name": ("  inverter: {rated_power: 5 kW}", "  inverter: {kind: tv}", 13, "needs that name", "rename the device"),
    "events are a map": (GOOD[GOOD.index("events:") :], "events: {oven: on}", 17, "events should be a list", "begin each with a dash"),
    "event is a word": (GOOD[GOOD.index("  - {at: 2026-06-21 17:45") :], "  - party\n", 18, "an event should be a map", "write `- {at:"),
    "event without device": ("device: oven, set: {mode: on}", "set: {mode: on}", 18, "the event has no device", "write `- {at:"),
    "event with a key too many": ("device: oven, set: {mode", "device: oven, who: me, set: {mode", 18, "there is no key 'who'", "known: at, device, set"),
    "event at no time": ("17:45", "25:45", 18, "event: '2026-06-21 25:45' is no time", "write 2026-06-21 06:30"),
    "event before the start": ("07:00", "06:29", 19, "the event is before the home starts (2026-06-21 06:30:00)", "move it, or start earlier"),
    "event for an unknown device": ("device: oven, set: {mode", "device: ofen, set: {mode", 18, "event: there is no device 'ofen'", "did you mean 'oven'?"),
    "event for an unknown setting": ("{mode: on}", "{mod: on}", 18, "event for oven: there is no setting 'mod'", "did you mean 'mode'?"),
    "event out of range": ("setpoint: 220", "setpoint: 900", 19, "setting setpoint: 900 is out of range", "use 30 to 300 °C"),
    "event for a fixed setting": ("device: oven, set: {mode: on}", "device: roof, set: {sun: sun}", 18, "setting sun is fixed while the home runs", "change it in the home file"),
    "event sets nothing": ("{mode: on}", "{}", 18, "set should be a map of settings of oven", "write `set: {setting: value}`"),
}  # fmt: skip
