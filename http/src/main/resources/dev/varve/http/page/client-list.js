// The clients that use disks now.

import { repeat } from 'lit/directives/repeat.js';
import { Refusal } from './api.js';
import { bytes, count, span } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './operation-menu.js';

const EVERY_MILLIS = 2000;

export class ClientList extends PageElement {
  #timer = null;

  connectedCallback() {
    super.connectedCallback();
    const look = () => {
      if (!document.hidden) store.refreshServed().catch(Refusal.problemOf); // the header tells that the connection is lost
    };
    look();
    this.#timer = setInterval(look, EVERY_MILLIS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  render() {
    return html`<section aria-labelledby="clients-title">
      <div class="section-head"><h1 id="clients-title">Clients <span class="tally">${store.clients.length}</span></h1></div>
      ${store.clients.length === 0 ? html`<p class="empty">No client uses a disk. Addresses stand with each disk of a machine that runs.</p>` : nothing}
      <ul class="plain cards">${repeat(store.clients, (each) => each.client, row)}</ul>
    </section>`;
  }
}

function row(client) {
  return html`<li class="card">
    <div class="card-what"><span class="name">${client.peer}</span><code class="path">${client.export}</code></div>
    <span class="about">${client.transport} · ${span(client.connectedSeconds)} · ${count(client.requests)} requests · ${client.inFlight} in flight</span>
    <span class="about">read ${bytes(client.bytesRead)} · written ${bytes(client.bytesWritten)}</span>
    <operation-menu kind="client" .context=${{ client }} name=${`client ${client.client}`}></operation-menu>
  </li>`;
}

customElements.define('client-list', ClientList);
