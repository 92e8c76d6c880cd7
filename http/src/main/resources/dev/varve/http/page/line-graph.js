// One graph over the last three minutes, with its latest values as text.

import uPlot from 'uplot';
import { PageElement } from './element.js';
import { html } from './markup.js';
import { onTheme } from './theme.js';

const SECONDS = 180;
const HEIGHT = 96;

export class LineGraph extends PageElement {
  static properties = { graph: { attribute: false }, samples: { attribute: false } };
  #plot = null;
  #stopTheme = null;
  #size = null;

  connectedCallback() {
    super.connectedCallback();
    this.#stopTheme = onTheme(() => this.#rebuild());
    this.#size = new ResizeObserver(() => this.#fit());
    this.#size.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stopTheme();
    this.#size.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  render() {
    const last = this.samples.at(-1);
    const { title, unit, series } = this.graph;
    const values = series.map((each) => [each.name, last && each.of(last) !== null ? unit(each.of(last)) : '–']);
    const text = values.map(([name, value]) => `${name} ${value}`).join(', ');
    return html`<figure>
      <figcaption><span class="graph-title">${title}</span>
        <span class="legend">${values.map(([name, value], index) => html`<span><i class="swatch s${index}" aria-hidden="true"></i>${name} <b class="number">${value}</b></span>`)}</span></figcaption>
      <div class="plot" role="img" aria-label=${`${title} over the last three minutes; now ${text}`}></div>
    </figure>`;
  }

  updated() {
    if (!this.#plot) this.#build();
    else this.#plot.setData(this.#data());
  }

  #data() {
    return [this.samples.map((each) => each.time), ...this.graph.series.map((each) => this.samples.map(each.of))];
  }

  #fit() {
    const width = this.querySelector('.plot')?.clientWidth;
    if (this.#plot && width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    this.requestUpdate();
  }

  #build() {
    const target = this.querySelector('.plot');
    if (!target || target.clientWidth === 0) return;
    const colour = (name) => colourOf(target, name);
    const { series, unit, least, most, binary } = this.graph;
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    this.#plot = new uPlot(
      {
        width: target.clientWidth,
        height: HEIGHT,
        padding: [6, 4, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: () => [Date.now() / 1000 - SECONDS, Date.now() / 1000] },
          y: { range: (_, __, max) => [0, most ?? Math.max(least, (max ?? 0) * 1.1)] },
        },
        axes: [
          { ...axis, size: 22, values: (_, ticks) => ticks.map((tick) => ago(tick)), splits: () => [2.5, 2, 1.5, 1, 0.5].map((minutes) => Date.now() / 1000 - minutes * 60) },
          { ...axis, size: 62, values: (_, ticks) => ticks.map(unit), splits: (_, __, min, max) => steps(max, binary) },
        ],
        series: [{}, ...series.map((_, index) => ({ stroke: colour(`s${index}`), width: 1.5, points: { show: false }, fill: index === 0 ? colour('s0-fill') : undefined }))],
      },
      this.#data(),
      target,
    );
  }
}

const ago = (moment) => {
  const minutes = Math.round((Date.now() / 1000 - moment) / 30) / 2;
  return minutes % 1 === 0 ? `−${minutes} min` : '';
};

/** Nothing, half and all of a scale, at round numbers. */
function steps(max, binary) {
  const base = binary ? 1024 ** Math.floor(Math.log(Math.max(1, max)) / Math.log(1024)) : 1;
  const raw = max / base / 2;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [5, 2.5, 2, 1].find((each) => each * size <= raw) * size * base;
  return [0, step, 2 * step].filter((each) => each <= max);
}

/** A canvas takes no variables of the style sheet, so a thing that has the colour is asked. */
function colourOf(parent, name) {
  const probe = document.createElement('i');
  probe.className = `colour-${name}`;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

customElements.define('line-graph', LineGraph);
