// What all elements of the page share.

import { LitElement } from 'lit';
import { store } from './store.js';

/**
 * Draws into the page itself, not into a shadow tree: one style sheet holds for all, and labels reach across.
 * Draws again when one of its sources changes.
 */
export class PageElement extends LitElement {
  sources = [store];
  #unsubscribe = [];

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#unsubscribe = this.sources.map((source) => source.subscribe(() => this.requestUpdate()));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }
}
