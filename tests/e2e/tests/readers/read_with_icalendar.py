"""Reads .ics files with the Python package icalendar, and expands them with
recurring-ical-events. From standard input to standard output, as main.rs says."""

import datetime
import json
import sys
from importlib.metadata import version

import icalendar
import recurring_ical_events

UTC = datetime.timezone.utc


def moment(value):
    if isinstance(value, datetime.datetime):
        return int(value.timestamp()) if value.tzinfo else f"floating {value}"
    return value.isoformat()


def person(value):
    return {"name": value.params.get("CN"), "address": str(value)}


def listed(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def event(component, occurrences):
    text = lambda name: None if component.get(name) is None else str(component[name])
    return {
        "uid": text("UID"),
        "summary": text("SUMMARY"),
        "description": text("DESCRIPTION"),
        "location": text("LOCATION"),
        "url": text("URL"),
        "status": text("STATUS"),
        "sequence": int(component["SEQUENCE"]),
        "people": [person(one) for name in ("ORGANIZER", "ATTENDEE") for one in listed(component.get(name))],
        "start": moment(component.decoded("DTSTART")),
        "end": moment(component.decoded("DTEND")),
        "alarms": [
            int(alarm.decoded("TRIGGER").total_seconds()) for alarm in component.walk("VALARM")
        ],
        "properties": sorted(
            name for name, value in component.items() for _ in listed(value)
        ),
        "occurrences": occurrences.get(text("UID"), []),
    }


def paths(component, above=""):
    path = f"{above}/{component.name}" if above else component.name
    yield path
    for below in component.subcomponents:
        yield from paths(below, path)


def read(file):
    calendar = icalendar.Calendar.from_ical(file["text"])
    occurrences = {}
    first, last = (datetime.datetime.fromtimestamp(file[end], UTC) for end in ("from", "to"))
    for one in recurring_ical_events.of(calendar).between(first, last):
        span = [moment(one.decoded("DTSTART")), moment(one.decoded("DTEND"))]
        occurrences.setdefault(str(one["UID"]), []).append(span)
    for spans in occurrences.values():
        spans.sort()
    return {
        "components": list(paths(calendar)),
        "errors": [str(error) for part in calendar.walk() for error in part.errors],
        "name": None if calendar.get("NAME") is None else str(calendar["NAME"]),
        "events": [event(part, occurrences) for part in calendar.walk("VEVENT")],
    }


json.dump(
    {
        "reader": f"icalendar {version('icalendar')} with recurring-ical-events "
        f"{version('recurring-ical-events')}, tzdata {version('tzdata')}",
        "files": [read(file) for file in json.load(sys.stdin)],
    },
    sys.stdout,
)
