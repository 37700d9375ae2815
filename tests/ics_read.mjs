// Reads a calendar file with ical.js, the reader of Thunderbird, and says what it found: JSON.
import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], 'utf8')));
const zones = calendar.getAllSubcomponents('vtimezone').map((z) => new ICAL.Timezone(z));
zones.forEach((zone) => ICAL.TimezoneService.register(zone.tzid, zone));
const utc = (time) => time.isDate ? time.toString() : time.convertToZone(ICAL.Timezone.utcTimezone).toString();
const events = calendar.getAllSubcomponents('vevent').map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid, title: event.summary, about: event.description ?? '', url: component.getFirstPropertyValue('url'),
    start: utc(event.startDate), end: utc(event.endDate), zone: event.startDate.zone.tzid ?? '',
    sequence: event.sequence, changed: component.getFirstPropertyValue('last-modified').toString(),
    alarms: component.getAllSubcomponents('valarm').map((alarm) => {
      const at = event.startDate.clone();
      at.addDuration(alarm.getFirstPropertyValue('trigger'));
      return utc(at);
    }),
  };
});
console.log(JSON.stringify({ name: calendar.getFirstPropertyValue('name'), zones: zones.map((z) => z.tzid), events }));
