// A limit as a slider that acts at once: equal steps multiply, and its right end is "no limit".

import { live } from 'lit/directives/live.js';
import { api, Refusal } from './api.js';
import { PageElement } from './element.js';
import { bytesInput, count, parseBytes, perSecond, words } from './format.js';
import { html, nothing } from './markup.js';
import { entryOf, whyNot } from './operations.js';
import { store } from './store.js';
import './problem-view.js';

const STEPS = 100;
const RANGES = { bytes: [64 * 1024, 10 * 1024 ** 3], operations: [10, 1e6] };
const NAMES = {
  maxBytesPerSecond: 'Bytes', maxReadBytesPerSecond: 'Bytes read', maxWriteBytesPerSecond: 'Bytes written',
  maxOperationsPerSecond: 'Requests', maxReadOperationsPerSecond: 'Reads', maxWriteOperationsPerSecond: 'Writes',
};

let sliders = 0;

export class LimitSlider extends PageElement {
  static properties = { machine: { attribute: false }, group: { attribute: false }, limit: {}, wanted: { state: true }, problem: { state: true } };
  #id = `slider-${++sliders}`;
  #sending = false;

  get #isBytes() {
    return /Bytes/.test(this.limit);
  }

  get #range() {
    return RANGES[this.#isBytes ? 'bytes' : 'operations'];
  }

  render() {
    const value = this.wanted ?? this.group[this.limit];
    const name = NAMES[this.limit] ?? words(this.limit);
    const why = whyNot(entryOf('changeBandwidthGroup'), { machine: this.machine });
    return html`<div class="slider" title=${why ?? nothing}>
      <label for=${this.#id}>${name}</label>
      <input type="range" id=${this.#id} min="0" max=${STEPS + 1} step="1" .value=${live(String(this.#position(value)))} aria-valuetext=${this.#text(value)} ?disabled=${why}
        @input=${(event) => this.#want(this.#valueAt(Number(event.target.value)))}>
      <input class="exact" aria-label=${`${name} per second, exactly`} autocomplete="off" spellcheck="false" placeholder="no limit" ?disabled=${why}
        .value=${live(this.#exact(value))} @change=${(event) => this.#wantExactly(event.target)}>
      <span class="unit">${value > 0 ? (this.#isBytes ? 'B/s' : '/s') : ''}</span>
    </div>
    ${this.problem ? html`<problem-view .problem=${this.problem}></problem-view>` : ''}`;
  }

  #text(value) {
    return value === 0 ? 'no limit' : this.#isBytes ? perSecond(value) : `${count(value)} requests per second`;
  }

  #exact(value) {
    if (value === 0) return '';
    return this.#isBytes ? bytesInput(value) : String(value);
  }

  #position(value) {
    if (value === 0) return STEPS + 1;
    const [least, most] = this.#range;
    return Math.round((STEPS * Math.log(Math.min(most, Math.max(least, value)) / least)) / Math.log(most / least));
  }

  /** Rounded to two digits, so that it reads well: of a power of 1024 for bytes. */
  #valueAt(position) {
    if (position > STEPS) return 0;
    const [least, most] = this.#range;
    const exact = least * (most / least) ** (position / STEPS);
    const unit = this.#isBytes ? 1024 ** Math.floor(Math.log(exact) / Math.log(1024)) : 1;
    return Number((exact / unit).toPrecision(2)) * unit >= 1 ? Math.round(Number((exact / unit).toPrecision(2)) * unit) : 1;
  }

  #wantExactly(input) {
    const value = input.value.trim() === '' ? 0 : this.#isBytes ? parseBytes(input.value) : Number(input.value);
    const bad = !Number.isInteger(value) || value < 0;
    input.setCustomValidity(bad ? (this.#isBytes ? 'Write a size like 20M, or nothing for no limit.' : 'Write a number, or nothing for no limit.') : '');
    if (input.reportValidity()) this.#want(value);
  }

  /** Sends the newest value; those that came while the last was on its way are skipped. */
  async #want(value) {
    this.wanted = value;
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let sent = null; this.wanted !== null && sent !== this.wanted; ) {
        sent = this.wanted;
        await api.call('changeBandwidthGroup',
          { machine: this.machine.id, group: this.group.name, 'Varve-Session': store.ownSession(this.machine.id) }, { [this.limit]: sent });
      }
      this.problem = null;
    } catch (thrown) {
      this.problem = Refusal.problemOf(thrown);
    } finally {
      this.#sending = false;
    }
    await store.refresh(this.machine.id);
    if (!this.#sending) this.wanted = null;
  }
}

customElements.define('limit-slider', LimitSlider);
