// A button that begins an operation. Where the token does not allow the operation, it says why instead.

import { html, nothing } from './markup.js';
import { whyNot } from './operations.js';
import { store } from './store.js';

/**
 * Asks the page to carry out an operation, with a form, a preview and a question where it needs them.
 * @param from the element that has the button
 * @param text what it says, if that is not the label of the entry
 * @param name what it is called, where the text alone is too short
 * @param kind its classes
 * @param disabled whether there is nothing to do it with
 * @param pressed called first, also where the token does not allow it
 */
export function actButton(from, entry, context, { text = entry.label, name, kind = '', disabled = false, pressed } = {}) {
  const why = whyNot(entry, context);
  const press = () => {
    pressed?.();
    if (why) store.say(why); // a title is not seen on a phone
    else from.dispatchEvent(new CustomEvent('varve-act', { bubbles: true, detail: { entry, context } }));
  };
  return html`<button type="button" class=${kind} data-operation=${entry.id} aria-label=${name ?? nothing} title=${why ?? nothing}
    aria-description=${why ?? nothing} aria-disabled=${why ? 'true' : nothing} ?disabled=${disabled} @click=${press}>${text}</button>`;
}
