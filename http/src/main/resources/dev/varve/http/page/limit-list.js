// The limits that disks of a machine share, as sliders that act at once.

import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { actButton } from './act-button.js';
import { api } from './api.js';
import { PageElement } from './element.js';
import { bytes, count, percent, perSecond, plural, slot } from './format.js';
import { entryOf } from './operations.js';
import { store } from './store.js';
import './limit-slider.js';
import './line-graph.js';
import './operation-menu.js';

const EVERY_MILLIS = 1000;
const KEPT = 180;

const TRAFFIC = { title: 'Through this limit', unit: perSecond, least: 1 << 20, binary: true, series: [{ name: 'bytes', of: (sample) => sample.bytes }] };
const HELD = { title: 'Held back', unit: percent, least: 1, most: 1, series: [{ name: 'time', of: (sample) => sample.held }] };

export class LimitList extends PageElement {
  static properties = { machine: { attribute: false } };
  #timer = null;
  #traffic = new Map();
  #histories = new Map();

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#look(), EVERY_MILLIS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  async #look() {
    if (document.hidden || !this.machine.run || this.machine.hardware.bandwidthGroups.length === 0) return;
    try {
      const { bandwidthGroups } = await api.call('listBandwidthGroups', { machine: this.machine.id });
      for (const { name, traffic } of bandwidthGroups) if (traffic) this.#take(name, traffic);
      this.requestUpdate();
    } catch {
      this.#traffic.clear(); // the machine has stopped, or the connection broke; the store tells
    }
  }

  #take(name, traffic) {
    const at = Date.now() / 1000;
    const before = this.#traffic.get(name);
    this.#traffic.set(name, { ...traffic, at });
    if (!before) return;
    const held = Math.min(1, Math.max(0, (traffic.throttledMilliseconds - before.throttledMilliseconds) / 1000 / (at - before.at))); // a new run counts from nothing
    const sample = { time: at, bytes: traffic.bytesPerSecond, held };
    this.#histories.set(name, [...(this.#histories.get(name) ?? []).slice(1 - KEPT), sample]);
  }

  render() {
    const groups = this.machine.hardware.bandwidthGroups;
    return html`<section aria-labelledby="limits-title">
      <div class="section-head">
        <h2 id="limits-title">Limits <span class="tally">${groups.length}</span></h2>
        <div class="buttons">${actButton(this, entryOf('createBandwidthGroup'), { machine: this.machine })}</div>
      </div>
      ${groups.length === 0 ? html`<p class="empty">No limits. A limit caps the bytes or requests per second of the disks that share it.</p>` : nothing}
      <div class="limits">${repeat(groups, (each) => each.name, (group) => this.#group(group))}</div>
    </section>`;
  }

  #group(group) {
    const history = this.#histories.get(group.name) ?? [];
    const members = this.machine.hardware.attachments.filter((each) => each.bandwidthGroup === group.name);
    const waiting = this.#traffic.get(group.name);
    return html`<article class="limit" data-group=${group.name}>
      <div class="limit-head">
        <h3>${group.name}</h3>
        <span class="about">${members.length === 0 ? 'no disks' : members.length <= 3 ? members.map(slot).join(', ') : plural(members.length, 'disk')}${waiting?.waitingRequests ? ` · ${count(waiting.waitingRequests)} requests wait (${bytes(waiting.waitingBytes)})` : ''}</span>
        <operation-menu kind="bandwidthGroup" compact .context=${{ machine: this.machine, bandwidthGroup: group }} name=${group.name}></operation-menu>
      </div>
      <div class="limit-body">
        <div class="sliders">
          ${repeat(shown(group), (limit) => limit, (limit) => html`<limit-slider .machine=${this.machine} .group=${group} .limit=${limit}></limit-slider>`)}
        </div>
        ${this.machine.run ? html`<div class="graphs two"><line-graph .graph=${TRAFFIC} .samples=${history}></line-graph><line-graph .graph=${HELD} .samples=${history}></line-graph></div>` : nothing}
      </div>
    </article>`;
  }
}

/** The two limits that most people want, and those that are set. */
function shown(group) {
  const all = ['maxBytesPerSecond', 'maxReadBytesPerSecond', 'maxWriteBytesPerSecond', 'maxOperationsPerSecond', 'maxReadOperationsPerSecond', 'maxWriteOperationsPerSecond'];
  return all.filter((limit) => group[limit] > 0 || limit === 'maxBytesPerSecond' || limit === 'maxOperationsPerSecond');
}

customElements.define('limit-list', LimitList);
