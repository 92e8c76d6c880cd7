// The disks and drives of a machine: a row for each, with its chain and its graphs when it is open.

import { repeat } from 'lit/directives/repeat.js';
import { actButton } from './act-button.js';
import { baseOf } from './chain-tree.js';
import { copyButton } from './copy-button.js';
import { bytes, count, exportName, fileName, percent, perSecond, plural, slot, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { entryOf } from './operations.js';
import { rates } from './rates.js';
import { store } from './store.js';
import './disk-graph.js';
import './operation-menu.js';

export class StorageList extends PageElement {
  static properties = { detail: { attribute: false }, toggled: { state: true } };
  sources = [store, rates];

  constructor() {
    super();
    this.toggled = new Set();
  }

  render() {
    const { machine } = this.detail;
    const { attachments, controllers } = machine.hardware;
    return html`<section aria-labelledby="storage-title">
      <div class="section-head">
        <h2 id="storage-title">Storage <span class="tally">${attachments.length}</span></h2>
        <div class="buttons">
          ${actButton(this, entryOf('attach'), { machine }, { text: 'Attach', disabled: controllers.length === 0 })}
          ${actButton(this, entryOf('addController'), { machine })}
        </div>
      </div>
      ${controllers.length === 0 ? html`<p class="empty">No controllers yet. A disk needs a controller to be attached to.</p>` : nothing}
      ${controllers.map((controller) => this.#controller(machine, controller))}
    </section>`;
  }

  #controller(machine, controller) {
    const here = machine.hardware.attachments.filter((each) => each.controller === controller.name);
    return html`<div class="controller" role="group" aria-label=${`Controller ${controller.name}`}>
      <div class="controller-head">
        <h3>${controller.name}</h3>
        <span class="about">${controller.type} · ${plural(controller.portCount, 'port')}${controller.hotPlug ? ' · hot-plug' : ''}</span>
        <operation-menu kind="controller" compact .context=${{ machine, controller }} name=${controller.name}></operation-menu>
      </div>
      ${here.length === 0 ? html`<p class="empty slim">Empty.</p>` : nothing}
      ${repeat(here, slot, (attachment) => this.#row(machine, attachment))}
    </div>`;
  }

  #row(machine, attachment) {
    const key = slot(attachment);
    const medium = store.media.get(attachment.medium);
    const served = store.exports.find((each) => each.machine === machine.id && slot(each) === key);
    const name = served ? exportName(served) : null;
    const last = name ? rates.last(name) : null;
    const isOpen = isShown(machine, attachment) !== this.toggled.has(key);
    return html`<article class="disk ${isOpen ? 'is-open' : ''}" data-slot=${key}>
      <div class="disk-row">
        <button type="button" class="opener" aria-expanded=${isOpen} aria-label=${`${key}, ${medium ? fileName(baseOf(medium).location) : 'empty'}`} @click=${() => this.#toggle(key)}>
          <span class="arrow" aria-hidden="true"></span>
          <span class="slot">${attachment.port}:${attachment.device}</span>
          <span class="what">
            <span class="file">${medium ? fileName(baseOf(medium).location) : attachment.medium ? 'unknown medium' : 'Empty drive'}</span>
            <span class="about">${about(attachment, medium)}</span>
          </span>
          ${last && medium ? html`<span class="figures">
            <span><b class="number">${count(last.reads + last.writes)}</b> IOPS</span>
            <span><b class="number">${perSecond(last.readBytes + last.writtenBytes)}</b></span>
            ${last.throttled > 0.01 ? html`<span class="badge warn">limited ${percent(last.throttled)}</span>` : nothing}
          </span>` : nothing}
        </button>
        <operation-menu kind="attachment" compact .context=${{ machine, attachment }} name=${key}></operation-menu>
      </div>
      ${isOpen ? this.#inside(machine, attachment, medium, served, name) : nothing}
    </article>`;
  }

  #inside(machine, attachment, medium, served, name) {
    return html`<div class="disk-inside">
      ${served ? html`<p class="uris">${served.uris.map((uri) => html`<span class="uri"><code>${uri}</code>${copyButton(uri, 'The address is copied.', 'Copy the address')}</span>`)}</p>` : nothing}
      ${effects(attachment).map((text) => html`<p class="help">${text}</p>`)}
      ${name ? html`<disk-graph .disk=${name}></disk-graph>` : nothing}
      ${medium && attachment.type === 'HardDisk' ? html`<chain-tree .machine=${machine} .medium=${medium} .images=${this.detail.images}></chain-tree>` : nothing}
      ${medium?.accessError ? html`<p class="banner warn">${medium.accessError}</p>` : nothing}
    </div>`;
  }

  #toggle(key) {
    const toggled = new Set(this.toggled);
    if (!toggled.delete(key)) toggled.add(key);
    this.toggled = toggled;
  }
}

/** Whether a row is open before a user says otherwise: a machine with few disks shows them all, one with many the first. */
function isShown(machine, attachment) {
  const disks = machine.hardware.attachments.filter((each) => each.type === 'HardDisk');
  return disks.length <= 3 ? disks.includes(attachment) : disks[0] === attachment;
}

/** What flags do, where that is not what a user expects. */
function effects({ effects: all = {}, reclaimed, ejected, ...attachment }) {
  const texts = Object.entries(all).filter(([flag, { effective }]) => attachment[flag] && !effective).map(([flag, { why }]) => `${words(flag)} has no effect: ${why}.`);
  if (reclaimed) texts.push(`The guest's discards have given ${bytes(reclaimed)} back to the host since the start.`);
  if (ejected) texts.push('The guest has opened the tray.');
  return texts;
}

function about(attachment, medium) {
  const parts = [];
  if (attachment.type !== 'HardDisk') parts.push(attachment.type);
  if (medium?.device === 'HardDisk') parts.push(bytes(medium.capacity));
  if (medium) parts.push(medium.parent ? `${medium.format}, ${depth(medium)} images` : medium.format);
  if (attachment.bandwidthGroup) parts.push(`limit ${attachment.bandwidthGroup}`);
  if (attachment.nonRotational) parts.push('SSD');
  if (attachment.discard) parts.push('discard');
  if (attachment.passthrough) parts.push('passthrough');
  if (attachment.implicit) parts.push('new differencing image');
  return parts.join(' · ');
}

function depth(medium) {
  let images = 0;
  for (let at = medium; at; at = store.media.get(at.parent)) images++;
  return images;
}

customElements.define('storage-list', StorageList);
