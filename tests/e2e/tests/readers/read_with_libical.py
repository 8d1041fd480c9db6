"""Reads .ics files with libical, the C library. From standard input to standard output, as
main.rs says. Kinds go by their names: numbers of enumerations are not part of its interface."""

import ctypes
import datetime
import json
import os
import re
import sys


class Time(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    ]


class Duration(ctypes.Structure):
    _fields_ = [
        ("is_negative", ctypes.c_int),
        *((name, ctypes.c_uint) for name in ("days", "weeks", "hours", "minutes", "seconds")),
    ]


class Trigger(ctypes.Structure):
    _fields_ = [("time", Time), ("duration", Duration)]


class Span(ctypes.Structure):
    _fields_ = [("start", ctypes.c_long), ("end", ctypes.c_long), ("is_busy", ctypes.c_int)]


VISIT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Span), ctypes.c_void_p)
POINTER, TEXT, KIND = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
library = ctypes.CDLL("libical.so.3")


def function(name, result, *arguments):
    found = library[name]
    found.restype, found.argtypes = result, arguments
    return found


parse = function("icalparser_parse_string", POINTER, TEXT)
free = function("icalcomponent_free", None, POINTER)
component_kind = function("icalcomponent_isa", KIND, POINTER)
component_name = function("icalcomponent_kind_to_string", TEXT, KIND)
first_component = function("icalcomponent_get_first_component", POINTER, POINTER, KIND)
next_component = function("icalcomponent_get_next_component", POINTER, POINTER, KIND)
first_property = function("icalcomponent_get_first_property", POINTER, POINTER, KIND)
next_property = function("icalcomponent_get_next_property", POINTER, POINTER, KIND)
property_name = function("icalproperty_get_property_name", TEXT, POINTER)
property_kind = function("icalproperty_string_to_kind", KIND, TEXT)
property_text = function("icalproperty_get_value_as_string", TEXT, POINTER)
property_value = function("icalproperty_get_value", POINTER, POINTER)
value_kind = function("icalvalue_isa", KIND, POINTER)
value_kind_named = function("icalvalue_string_to_kind", KIND, TEXT)
value_text = function("icalvalue_get_text", TEXT, POINTER)
parameter_kind = function("icalparameter_string_to_kind", KIND, TEXT)
parameter = function("icalproperty_get_first_parameter", POINTER, POINTER, KIND)
parameter_name = function("icalparameter_get_cn", TEXT, POINTER)
start_of = function("icalcomponent_get_dtstart", Time, POINTER)
end_of = function("icalcomponent_get_dtend", Time, POINTER)
seconds_of = function("icaltime_as_timet_with_zone", ctypes.c_long, Time, POINTER)
utc = function("icaltimezone_get_utc_timezone", POINTER)
trigger_of = function("icalproperty_get_trigger", Trigger, POINTER)
duration_seconds = function("icaldurationtype_as_int", ctypes.c_int, Duration)
time_of = function("icaltime_from_timet_with_zone", Time, ctypes.c_long, KIND, POINTER)
expand = function(
    "icalcomponent_foreach_recurrence", None, POINTER, Time, Time, VISIT, POINTER
)
# What it cannot read it notes in the component, and goes on.
function("icalerror_set_errors_are_fatal", None, ctypes.c_int)(0)

ANY_COMPONENT, ANY_PROPERTY = 1, 0  # the only two kinds without a name
TEXT_VALUE = value_kind_named(b"TEXT")


def version():
    """Of the file that was loaded: the library itself has no function that says it."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        loaded = next(line.split()[-1] for line in maps if "/libical.so" in line)
    return re.sub(r".*\.so\.", "", os.path.realpath(loaded))


def each(first, following, component, kind):
    found = first(component, kind)
    while found:
        yield found
        found = following(component, kind)


def components(component):
    return each(first_component, next_component, component, ANY_COMPONENT)


def properties(component, name=None):
    kind = property_kind(name.encode()) if name else ANY_PROPERTY
    return each(first_property, next_property, component, kind)


def name_of(component):
    return component_name(component_kind(component)).decode()


def paths(component, above=""):
    path = f"{above}/{name_of(component)}" if above else name_of(component)
    yield path
    for below in components(component):
        yield from paths(below, path)


def content(found):
    value = property_value(found)
    if value_kind(value) == TEXT_VALUE:
        return value_text(value).decode()
    return property_text(found).decode()


def text(component, name):
    return next((content(found) for found in properties(component, name)), None)


def moment(time):
    if time.is_date:
        return f"{time.year:04}-{time.month:02}-{time.day:02}"
    return seconds_of(time, time.zone) if time.zone else f"floating {time.hour}:{time.minute}"


def person(found):
    name = parameter(found, parameter_kind(b"CN"))
    return {
        "name": parameter_name(name).decode() if name else None,
        "address": property_text(found).decode(),
    }


def occurrences(component, file):
    is_date = start_of(component).is_date
    spans = []

    def visit(_component, span, _data):
        ends = span.contents.start, span.contents.end
        if is_date:
            ends = (
                datetime.datetime.fromtimestamp(end, datetime.timezone.utc).date().isoformat()
                for end in ends
            )
        spans.append(list(ends))

    limits = (time_of(file[end], 0, utc()) for end in ("from", "to"))
    expand(component, *limits, VISIT(visit), None)
    return spans


def event(component, file):
    alarms = (part for part in components(component) if name_of(part) == "VALARM")
    return {
        "uid": text(component, "UID"),
        "summary": text(component, "SUMMARY"),
        "description": text(component, "DESCRIPTION"),
        "location": text(component, "LOCATION"),
        "url": text(component, "URL"),
        "status": text(component, "STATUS"),
        "sequence": int(text(component, "SEQUENCE")),
        "people": [
            person(one) for name in ("ORGANIZER", "ATTENDEE") for one in properties(component, name)
        ],
        "start": moment(start_of(component)),
        "end": moment(end_of(component)),
        "alarms": [
            duration_seconds(trigger_of(one).duration)
            for alarm in alarms
            for one in properties(alarm, "TRIGGER")
        ],
        "properties": sorted(property_name(one).decode() for one in properties(component)),
        "occurrences": occurrences(component, file),
    }


def errors(component):
    for found in properties(component):
        if property_name(found).startswith(b"X-LIC-ERROR"):
            yield content(found)
    for below in components(component):
        yield from errors(below)


def read(file):
    calendar = parse(file["text"].encode())
    answer = {
        "components": list(paths(calendar)),
        "errors": list(errors(calendar)),
        "name": text(calendar, "NAME"),
        "events": [
            event(part, file) for part in components(calendar) if name_of(part) == "VEVENT"
        ],
    }
    free(calendar)
    return answer


json.dump(
    {
        "reader": f"libical {version()}",
        "files": [read(file) for file in json.load(sys.stdin)],
    },
    sys.stdout,
)
