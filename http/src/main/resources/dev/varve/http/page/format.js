// Numbers and times as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** 1536 as "1.5 KiB". */
export function bytes(count) {
  if (count === null || count === undefined) return '–';
  let value = Number(count);
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${digits(value)} ${UNITS[unit]}`;
}

export const perSecond = (count) => `${bytes(count)}/s`;

export const percent = (part) => `${Math.round(100 * part)}%`;

/** Three digits are enough to see by. */
function digits(value) {
  const size = Math.abs(value);
  if (size === 0 || size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, '');
}

/** 12345 as "12.3k". */
export function count(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)}G`;
  if (size >= 1e6) return `${digits(value / 1e6)}M`;
  if (size >= 1e4) return `${digits(value / 1e3)}k`;
  return digits(size >= 10 ? Math.round(value) : value);
}

/** Without what turns the order of the letters behind it: with that, one name can look like another. As the command line writes it. */
export const printable = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`);

/** A duration in nanoseconds. */
export function duration(nanos) {
  if (nanos === null || nanos === undefined) return '–';
  if (nanos < 1e3) return `${digits(nanos)} ns`;
  if (nanos < 1e6) return `${digits(nanos / 1e3)} µs`;
  if (nanos < 1e9) return `${digits(nanos / 1e6)} ms`;
  return `${digits(nanos / 1e9)} s`;
}

/** How long ago, or for how long: "3 min". */
export function span(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export const date = (text) => DATE.format(new Date(text));
export const time = (moment) => TIME.format(moment);

/** "PoweredOff" as "Powered off". */
export function words(name) {
  const spaced = name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1).replace(/\b[A-Z](?=[a-z])/g, (c) => c.toLowerCase()).replace(/\bio\b/, 'I/O');
}

export const fileName = (path) => path.slice(path.lastIndexOf('/') + 1);
export const folderOf = (path) => path.slice(0, path.lastIndexOf('/'));

/** "20G", "512M", "1.5 TiB", "4096" as bytes; NaN if it is none of that. */
export function parseBytes(text) {
  const found = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGTPE])?(?:i?B)?\s*$/i.exec(text);
  if (!found) return NaN;
  const power = found[2] ? 'KMGTPE'.indexOf(found[2].toUpperCase()) + 1 : 0;
  return Math.round(Number(found[1]) * 1024 ** power);
}

/** The shortest text that parseBytes reads as this count. */
export function bytesInput(count) {
  let value = Number(count);
  let unit = -1;
  while (value >= 1024 && value % 1024 === 0 && unit < 5) {
    value /= 1024;
    unit++;
  }
  return unit < 0 ? String(value) : `${value}${'KMGTPE'[unit]}`;
}

export const slot = (at) => `${at.controller} ${at.port}:${at.device}`;

export const plural = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** The name of an export, which is the path of its URI. */
export function exportName(served) {
  const uri = served.uris[0];
  if (!uri) return '';
  return decodeURIComponent(uri.replace(/^[a-z+]+:\/\/[^/]*\//, '').replace(/\?.*$/, ''));
}
