// Reads .ics files with the npm package ical.js. From standard input to standard output, as
// main.rs says; the one argument is the folder that holds node_modules.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const folder = path.join(process.argv[2], "node_modules", "ical.js");
const { default: ICAL } = require(folder);
const { version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));

function moment(time) {
  if (time.isDate) return time.toString();
  return time.zone === ICAL.Timezone.localTimezone ? `floating ${time}` : time.toUnixTime();
}

function* paths(component, above) {
  const name = component.name.toUpperCase();
  const here = above ? `${above}/${name}` : name;
  yield here;
  for (const below of component.getAllSubcomponents()) yield* paths(below, here);
}

function occurrences(event, file) {
  const spans = [];
  const iterator = event.iterator();
  for (let next = iterator.next(); next; next = iterator.next()) {
    const seconds = next.isDate ? Date.parse(next.toString()) / 1000 : next.toUnixTime();
    if (seconds >= file.to) break;
    const { startDate, endDate } = event.getOccurrenceDetails(next);
    if (seconds >= file.from) spans.push([moment(startDate), moment(endDate)]);
  }
  return spans;
}

function read(file) {
  const calendar = new ICAL.Component(ICAL.parse(file.text));
  const value = (component, name) => component.getFirstPropertyValue(name);
  const text = (component, name) => (value(component, name) === null ? null : String(value(component, name)));
  const person = (property) => ({
    name: property.getParameter("cn") ?? null,
    address: property.getFirstValue(),
  });
  return {
    components: [...paths(calendar, "")],
    errors: [],
    name: text(calendar, "name"),
    events: calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      return {
        uid: text(component, "uid"),
        summary: text(component, "summary"),
        description: text(component, "description"),
        location: text(component, "location"),
        url: text(component, "url"),
        status: text(component, "status"),
        sequence: value(component, "sequence"),
        people: ["organizer", "attendee"].flatMap((name) => component.getAllProperties(name).map(person)),
        start: moment(event.startDate),
        end: moment(event.endDate),
        alarms: component
          .getAllSubcomponents("valarm")
          .map((alarm) => value(alarm, "trigger").toSeconds()),
        properties: component.getAllProperties().map((property) => property.name.toUpperCase()).sort(),
        occurrences: occurrences(event, file),
      };
    }),
  };
}

const files = JSON.parse(fs.readFileSync(0, "utf8")).map(read);
process.stdout.write(JSON.stringify({ reader: `ical.js ${version}`, files }));
