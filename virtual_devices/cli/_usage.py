"""Examples, as ``--help`` of each command ends with: as somebody types them, and what for."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "examples": (
        ("examples", "what there is"),
        ("examples cape_town --to my_home", "copy one to begin from"),
    ),
    "simulate": (
        ("simulate cape_town --for 1w", "a week of an example"),
        ("simulate home.yaml --for 1y --set battery.capacity='15 kWh'", "a year with another battery"),
        ("simulate home.yaml --for 30d --start 2026-07-01 --record july.sqlite", "July, to look into with `history` and `why`"),
        ("simulate home.yaml --for 1y --openmetrics year.om", "a year for Prometheus and Grafana"),
    ),
    "survive": (
        ("survive cape_town --stage 4 --month 7", "a July of stage 4"),
        ("survive home.yaml --stage 6 --month 6 --set battery.capacity='10 kWh'", "with another battery"),
    ),
    "compare": (
        ("compare home.yaml --before", "what sun and battery save"),
        ("compare home.yaml --set battery.capacity='15 kWh' --for 30d", "what a bigger battery would, in a month"),
        ("compare home.yaml other.yaml --price kit.yaml", "another home, and when it has paid for itself"),
    ),
    "new": (
        ("new", "a few questions"),
        ("new cabin --preset cabin --yes", "as usual there, nothing is asked"),
        ("new --preset za-5kw --battery '15 kWh'", "with another battery"),
    ),
    "up": (
        ("up cape_town --speed 60", "an example, a minute each second"),
        ("up home.yaml --console", "with a page in the browser"),
        ("up home.yaml --broker mqtt://homeassistant@192.0.2.7", "on the broker of a Home Assistant"),
    ),
    "host": (
        ("host homes --speed 60", "every home file of a folder"),
        ("host one.yaml two.yaml --metrics 9100", "two homes, their metrics on one page"),
        ("host homes --broker mqtt://homeassistant@192.0.2.7", "on the broker of a Home Assistant"),
    ),
    "console": (
        ("console", "of the homes on this machine's broker"),
        ("console --homes homes", "people may make and start homes, too"),
        ("console --listen 0.0.0.0 --port 8765", "for others: people log in"),
    ),
    "console grant": (("console grant alice build", "may change everything"), ("console grant bob look", "may look only")),
    "console people": (("console people", "who may come"), ("console people --state console", "of another state folder")),
    "console revoke": (("console revoke bob", "he may come no more"), ("console revoke bob --state console", "of another state folder")),
    "down": (
        ("down", "the home on this machine's broker"),
        ("down --home cape_town", "one of several"),
    ),
    "clock": (
        ("clock", "what time it is there"),
        ("clock --speed 600", "ten minutes each second"),
        ("clock --step 5", "stand still, and go five steps"),
        ("clock --homes '*' --pause", "every home on the broker"),
    ),
    "set": (
        ("set oven setpoint='200 °C' mode=on", "two settings at once"),
        ("set inverter prog1_capacity=30", "in the setting's own unit"),
        ("set battery charge_limit='2 kW' --label region=north", "in each home with this label"),
        ("set geyser mode=off --at '2026-06-21 18:00'", "at a simulated time"),
    ),
    "on": (("on oven", "it goes on from where it was"), ("on geyser_1 geyser_2", "two of them")),
    "off": (("off geyser", "its need is gone"), ("off oven tv --home cape_town", "of one of several homes")),
    "scale": (("scale geyser 0", "off"), ("scale geyser 1", "on again")),
    "restart": (("restart weather", "its process"), ("restart oven tv", "two of them")),
    "spawn": (
        ("spawn oven", "called oven"),
        ("spawn geyser bathroom --set rated_power='3 kW'", "with a name and a setting"),
    ),
    "remove": (("remove bathroom", "with all that it left on the broker"), ("remove oven tv", "two of them")),
    "shards": (
        ("shards north south --centre mqtts://centre.example --out shards", "two brokers, and a central one"),
        ("shards north south east --centre mqtts://centre.example --out shards", "one more later; passwords stay"),
    ),
    "homes": (
        ("homes", "all of them, and their sums"),
        ("homes --homes 'cape_*' --label region=north --watch", "some of them, as they go on"),
    ),
    "ps": (("ps", "all of them"), ("ps --json", "for a program"), ("ps --place kubernetes", "on a cluster")),
    "watch": (
        ("watch", "the whole home as a picture"),
        ("watch battery geyser", "what changes in these, line by line"),
        ("watch --flows --for 1min", "the wires, for a minute"),
    ),
    "get": (("get battery", "all that it says"), ("get geyser --json", "for a program")),
    "history": (
        ("history cape_town", "the last thirty days"),
        ("history cape_town --day yesterday --device battery", "a day of the battery, hour by hour"),
        ("history july.sqlite --every day --csv july.csv", "a record of `simulate --record`, as a table"),
    ),
    "why": (
        ("why cape_town '2026-06-21 18:05'", "what happened then"),
        ("why july.sqlite '2026-07-03 06:00' --all", "with every setting that held"),
    ),
    "report": (
        ("report cape_town", "the newest run, in words"),
        ("report july.sqlite -o july.html", "a record, as one page with pictures"),
        ("report july.sqlite bigger.sqlite -o both.html", "beside another"),
    ),
    "audit": (
        ("audit", "listen to a running home"),
        ("audit cape_town", "what its last run left"),
        ("audit run.jsonl.gz", "a file of `simulate --ledger`"),
    ),
    "health": (("health", "each device of a running home"), ("health /tmp/alive", "the one that touches this file")),
    "logs": (("logs", "all of it"), ("logs oven --lines 20", "the newest of one device")),
    "ha history": (
        ("ha history home.yaml --url http://192.0.2.7:8123 --token-file token", "thirty days, into one that runs"),
        ("ha history home.yaml --days 365 --database home-assistant_v2.db --out with_past.db", "a year, into a copy of its database"),
    ),
    "ha twin": (
        ("ha twin --url http://192.0.2.7:8123 --token-file token", "of one that runs"),
        ("ha twin --backup backup.tar --key-file key -o my_house.yaml", "of a backup"),
    ),
    "ha run": (
        ("ha run home.yaml --config ~/.homeassistant --for 1d", "a day of your automations"),
        ("ha run home.yaml --backup backup.tar --speed 120", "of a backup, two minutes each second"),
    ),
    "ha dashboard": (
        ("ha dashboard home.yaml -o dashboard.yaml", "as a file"),
        ("ha dashboard home.yaml --url http://192.0.2.7:8123 --token-file token", "put there"),
    ),
    "ha energy": (
        ("ha energy home.yaml -o energy", "as a file"),
        ("ha energy home.yaml --url http://192.0.2.7:8123 --token-file token", "put there"),
    ),
    "ha package": (
        ("ha package home.yaml -o packages/home.yaml", "as a file"),
        ("ha package home.yaml --area capetown", "with the name of your area"),
    ),
    "credentials": (
        ("credentials home.yaml --out mosquitto", "passwords and an access list"),
        ("credentials home.yaml --out mosquitto --dynamic", "for devices that come and go"),
    ),
    "asyncapi": (("asyncapi", "as YAML"), ("asyncapi --json", "as JSON")),
    "forget": (("forget cape_town", "once it is stopped"), ("forget cape_town --force", "also while it runs")),
    "run": (
        ("run oven --home cape_town --name oven --set rated_power='3 kW'", "one device"),
        ("run --description oven.json --health /tmp/alive", "as a container does it"),
    ),
    "fleet": (("fleet --home cape_town", "in its pod"), ("fleet --home cape_town --context kind-test", "from outside")),
    "apply": (
        ("apply home.yaml", "the running home becomes this"),
        ("apply home.yaml --dry-run", "only say what would change"),
        ("apply home.yaml --keep", "leave what was changed while it ran"),
    ),
    "diff": (("diff home.yaml", "against the running home"), ("diff home.yaml --place kubernetes", "against the one on a cluster")),
    "render": (
        ("render home.yaml > home.k8s.yaml", "a file for kubectl and GitOps"),
        ("render home.yaml --density home", "one pod for all"),
    ),
    "monitoring": (
        ("monitoring", "of a home at `up --metrics 9464`"),
        ("monitoring --target 192.0.2.7:9464 --target 192.0.2.8:9464", "of homes elsewhere"),
    ),
    "revisions": (("revisions", "all that are kept"), ("revisions --json", "for a program")),
    "rollback": (("rollback 3", "to the third"), ("rollback 3 --dry-run", "only say what would change")),
    "record info": (("record info", "of all records"), ("record info cape_town", "of those of a home"), ("record info july.sqlite", "of one file")),
    "record backup": (("record backup cape_town backups", "the newest, into a folder"), ("record backup july.sqlite copy.sqlite", "one file")),
    "record vacuum": (("record vacuum cape_town", "the newest of a home"), ("record vacuum july.sqlite", "one file")),
    "check": (
        ("check home.yaml", "what is wrong, and what was understood"),
        ("check home.yaml --strict --set battery.capacity='15 kWh'", "warnings are errors"),
    ),
    "kinds": (("kinds", "as a table"), ("kinds --json", "for a program")),
    "describe": (
        ("describe battery", "what may be set, and what it says"),
        ("describe pv_array home.yaml", "and what the arrays of a home make of it"),
    ),
    "schema": (("schema > home.schema.json", "for an editor"), ("schema | jq .properties.site", "a part of it")),
    "outages compile": (
        ("outages compile area.csv --stages stages.csv -o outages.ics", "of the stages that were in force"),
        ("outages compile area.csv --stages stages.csv --weekly -o week.ics", "a week that comes again"),
    ),
    "outages show": (("outages show outages.ics", "the next seven days"), ("outages show outages.ics --from 2026-07-01 --for 31d", "a July")),
    "prices import": (
        ("prices import nordpool.json -o prices.json", "one file"),
        ("prices import 2025.xml 2026.xml --zone Europe/Berlin -o prices.json", "two years of ENTSO-E"),
    ),
}
"""Command as one types it, without the program's name → (its command line, what it is for)."""

_PROGRAM = "virtual-devices"
_WIDE = 74
"""Characters of a command line, which the help moves four columns to the right."""


def epilog(path: str) -> str | None:
    """The end of a command's help; None where it has no examples. Its first sign keeps click from filling the lines."""
    examples = EXAMPLES.get(path)
    if examples is None:
        return None
    return "\b\nExamples:\n" + "\n".join(f"  # {what}\n  {_shown(line)}" for line, what in examples)


def _shown(line: str) -> str:
    """A command line as a shell takes it, gone on in a second line where it is long."""
    whole = f"{_PROGRAM} {line}"
    if len(whole) <= _WIDE:
        return whole
    cut = whole.rindex(" -", 0, _WIDE)
    return f"{whole[:cut]} \\\n     {whole[cut:]}"
