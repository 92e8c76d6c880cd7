// The limits that disks of a machine share, as sliders that act at once.

import { repeat } from 'lit/directives/repeat.js';
import { actButton } from './act-button.js';
import { PageElement } from './element.js';
import { bytes, count, percent, perSecond, plural, slot } from './format.js';
import { html, nothing } from './markup.js';
import { entryOf } from './operations.js';
import { rates } from './rates.js';
import { store } from './store.js';
import './limit-slider.js';
import './line-graph.js';
import './operation-menu.js';

const TRAFFIC = { title: 'Through this limit', unit: perSecond, least: 1 << 20, binary: true, series: [{ name: 'bytes', of: (sample) => sample.bytes }] };
const HELD = { title: 'Held back', unit: percent, least: 1, most: 1, series: [{ name: 'time', of: (sample) => sample.held }] };

export class LimitList extends PageElement {
  static properties = { machine: { attribute: false } };
  sources = [store, rates];

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
    const history = rates.limitHistory(this.machine.id, group.name);
    const members = this.machine.hardware.attachments.filter((each) => each.bandwidthGroup === group.name);
    const waiting = this.machine.run ? rates.traffic(this.machine.id, group.name) : undefined;
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
