// The live graphs of a disk: requests, bytes, latency, and how long limits held it back.

import { count, duration, percent, perSecond } from './format.js';
import { PageElement } from './element.js';
import { html } from './markup.js';
import { rates } from './rates.js';
import { store } from './store.js';
import './line-graph.js';

const GRAPHS = [
  { title: 'Requests/s', unit: count, least: 10, series: [
    { name: 'read', of: (sample) => sample.reads }, { name: 'write', of: (sample) => sample.writes }, { name: 'other', of: (sample) => sample.others }] },
  { title: 'Throughput', unit: perSecond, least: 1 << 20, binary: true, series: [
    { name: 'read', of: (sample) => sample.readBytes }, { name: 'write', of: (sample) => sample.writtenBytes }] },
  { title: 'Latency', unit: duration, least: 1e5, series: [
    { name: 'median', of: (sample) => sample.median }, { name: '99th', of: (sample) => sample.p99 }] },
  { title: 'Held back by limits', unit: percent, least: 1, most: 1, series: [
    { name: 'time', of: (sample) => sample.throttled }] },
];

export class DiskGraph extends PageElement {
  static properties = { disk: {} };
  sources = [store, rates];

  render() {
    const samples = rates.history(this.disk);
    return html`<div class="graphs">${GRAPHS.map((graph) => html`<line-graph .graph=${graph} .samples=${samples}></line-graph>`)}</div>`;
  }
}

customElements.define('disk-graph', DiskGraph);
