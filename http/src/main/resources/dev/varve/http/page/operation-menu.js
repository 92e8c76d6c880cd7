// The buttons of a thing: what can be done with it now. The rest is in a menu.

import { actButton } from './act-button.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { entriesFor } from './operations.js';

let menus = 0;

export class OperationMenu extends PageElement {
  static properties = { kind: {}, context: { attribute: false }, name: {}, compact: { type: Boolean }, accent: {} };
  #id = `menu-${++menus}`;

  render() {
    const entries = entriesFor(this.kind, this.context);
    const first = this.compact ? [] : entries.filter((each) => each.primary);
    const rest = entries.filter((each) => !first.includes(each));
    return html`<div class="buttons">
      ${first.map((entry) => actButton(this, entry, this.context, {
        text: entry.short, name: entry.short && entry.label, kind: entry.id === this.accent ? 'accent' : '' }))}
      ${rest.length > 0 ? html`<button type="button" class="more" popovertarget=${this.#id} aria-label=${`More for ${this.name}`} aria-haspopup="true" title="More"
          @click=${(event) => this.#place(event.currentTarget)}>⋯</button>
        <div popover id=${this.#id} class="menu" role="group" aria-label=${`More for ${this.name}`} @keydown=${(event) => this.#move(event)} @toggle=${(event) => focusFirst(event)}>
          ${rest.map((entry) => actButton(this, entry, this.context, {
            text: `${entry.label}${entry.destroys || !entry.quick ? '…' : ''}`, kind: entry.destroys ? 'danger-text' : '',
            pressed: () => this.querySelector('.menu').hidePopover() }))}
        </div>` : nothing}
    </div>`;
  }

  /** Below its button, inside the window. */
  #place(button) {
    const menu = this.querySelector('.menu');
    const at = button.getBoundingClientRect();
    const entries = menu.childElementCount;
    const height = entries * 36 + 16;
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - 248))}px`;
    menu.style.top = `${at.bottom + height > innerHeight ? Math.max(8, at.top - height) : at.bottom + 4}px`;
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.querySelectorAll('.menu button')];
    buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
  }
}

function focusFirst(event) {
  if (event.newState === 'open') event.target.querySelector('button')?.focus();
}

customElements.define('operation-menu', OperationMenu);
