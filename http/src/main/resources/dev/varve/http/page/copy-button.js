// A button that copies a text. Browsers let a page do so over TLS and on the machine itself only.

import { html, nothing } from './markup.js';
import { store } from './store.js';

/**
 * @param done what is said then
 * @param name what it is called, where there are several
 */
export function copyButton(text, done, name) {
  if (!navigator.clipboard) return nothing; // the text can be selected
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      store.say(done);
    } catch {
      store.say('The browser did not allow it. Select the text and copy it.');
    }
  };
  return html`<button type="button" class="quiet" aria-label=${name ?? nothing} @click=${copy}>Copy</button>`;
}
