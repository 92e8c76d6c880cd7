// Templates of the page, in which no text can turn around what is shown.

import { html as plain } from 'lit';
import { printable } from './format.js';

export { nothing } from 'lit';

/** Of each template, which is known by its strings: whether people see the value at each place. */
const seen = new WeakMap();

/** As Lit's, but texts that people see are printable. Values of controls and links stay as they are: programs take them. */
export function html(strings, ...values) {
  if (!seen.has(strings)) seen.set(strings, values.map((_, at) => isSeen(strings, at)));
  const places = seen.get(strings);
  return plain(strings, ...values.map((each, at) => (typeof each === 'string' && places[at] ? printable(each) : each)));
}

/** Whether a value stands between tags, or is the title of something. */
function isSeen(strings, at) {
  const before = strings.slice(0, at + 1).join('');
  return before.lastIndexOf('<') <= before.lastIndexOf('>') || /\stitle=$/.test(before);
}
