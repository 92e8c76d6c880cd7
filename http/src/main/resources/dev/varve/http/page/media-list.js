// All images that are registered, whether a machine uses them or not.

import { repeat } from 'lit/directives/repeat.js';
import { api } from './api.js';
import { bytes, fileName, plural, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './drive-list.js';
import './operation-menu.js';

export class MediaList extends PageElement {
  static properties = { filter: { state: true }, unused: { state: true }, differencing: { state: true } };

  constructor() {
    super();
    this.filter = '';
    this.unused = false;
    this.differencing = false;
  }

  render() {
    const all = [...store.media.values()].sort((a, b) => a.location.localeCompare(b.location));
    const shown = all.filter((each) => this.#isShown(each));
    return html`<section aria-labelledby="media-title">
      <div class="section-head">
        <h1 id="media-title">Media <span class="tally">${all.length}</span></h1>
        <operation-menu kind="media" .context=${{}} name="media"></operation-menu>
      </div>
      <div class="filters">
        <input type="search" aria-label="Find media" placeholder="Find" .value=${this.filter} @input=${(event) => (this.filter = event.target.value)}>
        <label class="inline"><input type="checkbox" .checked=${this.unused} @change=${(event) => (this.unused = event.target.checked)}> Only those that nothing uses</label>
        <label class="inline"><input type="checkbox" .checked=${this.differencing} @change=${(event) => (this.differencing = event.target.checked)}> Differencing images too</label>
      </div>
      ${shown.length === 0 ? html`<p class="empty">${all.length === 0 ? 'No media yet. Make a disk, or open an image.' : 'None of them matches.'}</p>` : nothing}
      <ul class="plain cards">${repeat(shown, (each) => each.id, row)}</ul>
    </section>
    ${api.has('listHostDrives') ? html`<drive-list></drive-list>` : nothing}`;
  }

  /** Differencing images belong to the chains of machines; here are those that are left over, unless all are asked for. */
  #isShown(medium) {
    if (!medium.location.toLowerCase().includes(this.filter.toLowerCase())) return false;
    if (this.unused) return isUnused(medium);
    return this.differencing || medium.parent === null || isUnused(medium);
  }
}

const isUnused = (medium) => medium.uses.length === 0 && medium.children.length === 0;

function row(medium) {
  const users = medium.uses.map((use) => [use.machine, store.machines.get(use.machine)?.name ?? 'a machine']);
  return html`<li class="card medium" data-medium=${medium.id} data-path=${medium.location}>
    <div class="card-what">
      <span class="name">${fileName(medium.location)}</span>
      <code class="path">${medium.location}</code>
      ${medium.accessError ? html`<p class="help danger-text">${medium.accessError}</p>` : nothing}
    </div>
    <span class="about">${medium.device === 'HardDisk' ? '' : `${medium.device} · `}${medium.format} · ${bytes(medium.capacity)}${medium.parent ? ' · differencing' : ''}${medium.children.length ? ` · ${plural(medium.children.length, 'image')} on it` : ''}${medium.type === 'Normal' ? '' : ` · ${words(medium.type)}`}</span>
    <span class="users">${users.length ? users.map(([id, name]) => html`<a href="#/machines/${id}">${name}</a>`) : html`<span class="use leftover">${medium.children.length ? 'Only below others' : 'Not used'}</span>`}</span>
    <operation-menu kind="medium" compact .context=${{ medium }} name=${fileName(medium.location)}></operation-menu>
  </li>`;
}

customElements.define('media-list', MediaList);
