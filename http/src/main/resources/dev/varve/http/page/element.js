// What all elements of the page share.

import { LitElement } from 'lit';
import { store } from './store.js';

/**
 * Draws into the page itself, not into a shadow tree: one style sheet holds for all, and labels reach across.
 * Draws again when the store changes.
 */
export class PageElement extends LitElement {
  #unsubscribe = null;

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#unsubscribe = store.subscribe(() => this.requestUpdate());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#unsubscribe();
  }
}
