// Times as people read them: in their own zone and in the language of the page.

import { $$ } from "./dom.js";

const root = document.documentElement;
const language = root.lang || navigator.language;
const zone = root.dataset.timeZone || undefined; // the agent's own setting, else the browser's

const format = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
const clockFormat = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = format({ month: "long", day: "numeric", weekday: "long" });
const dateFormat = format({ month: "short", day: "numeric" });
const oldDateFormat = format({ year: "numeric", month: "short", day: "numeric" });
const momentFormat = format({
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const fullFormat = format({ dateStyle: "full", timeStyle: "medium" });
const keyFormat = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
const relativeFormat = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const unitFormat = (unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" });
const minutesFormat = unitFormat("minute");
const hoursFormat = unitFormat("hour");
const daysFormat = unitFormat("day");

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const capital = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);

/** 10:41 */
export const clock = (date) => clockFormat.format(date);

/** 2026-11-22: equal for all moments of one local day. */
export const dayKey = (date) => keyFormat.format(date);

/** Today · Yesterday · Tuesday, 3 March · 3 Mar 2024 */
export function dayName(date, now = new Date()) {
  const days = Math.round((Date.parse(dayKey(date)) - Date.parse(dayKey(now))) / DAY);
  if (days === 0 || days === -1) return capital(relativeFormat.format(days, "day"));
  return (days > -300 ? dayFormat : oldDateFormat).format(date);
}

/** How long something has lasted: 2 min · 3 h · 5 d */
export function span(date, now = new Date()) {
  const passed = Math.max(0, now - date);
  if (passed < HOUR) return minutesFormat.format(Math.max(1, Math.floor(passed / MINUTE)));
  if (passed < DAY) return hoursFormat.format(Math.floor(passed / HOUR));
  return daysFormat.format(Math.floor(passed / DAY));
}

/** When something was, short: now · 8 min · 3 h · yesterday · 3 Mar */
export function ago(date, now = new Date()) {
  const passed = now - date;
  if (passed < MINUTE) return relativeFormat.format(0, "second");
  if (passed < HOUR || dayKey(date) === dayKey(now)) return span(date, now);
  if (dayKey(date) === dayKey(new Date(now - DAY))) return relativeFormat.format(-1, "day");
  return (passed < 300 * DAY ? dateFormat : oldDateFormat).format(date);
}

/** 10:41 · 3 Mar · 3 Mar 2024 */
function day(date, now = new Date()) {
  if (dayKey(date) === dayKey(now)) return clock(date);
  return (now - date < 300 * DAY ? dateFormat : oldDateFormat).format(date);
}

/** 10:41 · 3 Mar, 10:41 · 3 Mar 2024 */
function moment(date, now = new Date()) {
  if (dayKey(date) === dayKey(now)) return clock(date);
  return (now - date < 300 * DAY ? momentFormat : oldDateFormat).format(date);
}

const shown = { clock, ago, span, day, moment };

/**
 * Write every `<time datetime data-show="clock|ago|span|day|moment">` below an element in local terms.
 * The default is the clock; the title always says it in full.
 */
export function localise(element) {
  const times = $$("time[datetime]", element);
  if (element.matches?.("time[datetime]")) times.push(element);
  for (const time of times) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = (shown[time.dataset.show] ?? clock)(date);
    if (time.textContent !== text) time.textContent = text;
    if (!time.title) time.title = fullFormat.format(date);
  }
}

/** Rewrite what grows older ("2 min") every half minute. */
export function keepFresh() {
  setInterval(() => {
    for (const time of $$('time[data-show="ago"], time[data-show="span"]')) localise(time);
  }, MINUTE / 2);
}
