// The chain of a disk as a tree: the base, what builds on it, and who uses each image.

import { repeat } from 'lit/directives/repeat.js';
import { bytes, fileName, words } from './format.js';
import { laneCells } from './lane-cells.js';
import { lanes } from './lanes.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './operation-menu.js';

export class ChainTree extends PageElement {
  static properties = { machine: { attribute: false }, medium: { attribute: false }, images: { attribute: false } };

  render() {
    const rows = lanes(tree(this.medium), this.medium.id);
    const facts = new Map((this.images ?? []).map((each) => [each.id, each]));
    const largest = Math.max(1, ...rows.map(({ node }) => facts.get(node.id)?.ownBytes ?? 0));
    return html`<section class="chain" aria-label=${`Images of ${fileName(this.medium.location)}`}>
      <h4>Images <span class="tally">${rows.length}</span></h4>
      <ol class="plain tree">${repeat(rows, (row) => row.node.id, (row) => this.#row(row, facts.get(row.node.id), largest))}</ol>
    </section>`;
  }

  #row(row, facts, largest) {
    const medium = row.node;
    const use = this.#use(medium);
    return html`<li class="image" aria-level=${row.depth} data-medium=${medium.id}>
      ${laneCells(row, use.kind)}
      <div class="image-what">
        <div class="image-names">
          ${use.labels.map(([kind, text]) => html`<span class="use ${kind}">${text}</span>`)}
          ${medium.type !== 'Normal' ? html`<span class="badge">${words(medium.type)}</span>` : nothing}
          ${medium.autoReset ? html`<span class="badge">Emptied at start</span>` : nothing}
          ${medium.state === 'Inaccessible' ? html`<span class="badge warn">Inaccessible</span>` : nothing}
        </div>
        <div class="image-file" title=${medium.location}>${fileName(medium.location)}</div>
        ${medium.accessError ? html`<p class="help danger-text">${medium.accessError}</p>` : nothing}
      </div>
      ${this.#size(medium, facts, largest)}
      <span class="image-kind">${medium.format}${medium.variant === 'Standard' || medium.variant === 'Differencing' ? '' : `, ${words(medium.variant).toLowerCase()}`}</span>
      <operation-menu kind="medium" compact .context=${{ medium, machine: undefined }} name=${fileName(medium.location)}></operation-menu>
    </li>`;
  }

  #size(medium, facts, largest) {
    if (!facts) return html`<span class="image-size"><span class="about">${medium.parent ? 'differencing' : 'base'}</span></span>`;
    const part = Math.round((100 * facts.ownBytes) / largest);
    return html`<span class="image-size">
      <span class="number"><b>${bytes(facts.ownBytes)}</b> on disk</span>
      <meter class="bar" min="0" max="100" .value=${part} aria-label=${`${bytes(facts.ownBytes)} on disk`}></meter>
      <span class="about">${[facts.sharedBytes ? `${bytes(facts.sharedBytes)} shared` : '', `deleting gives back ${bytes(facts.freedBytes)}`].filter(Boolean).join(', ')}</span>
      ${facts.lookError ? html`<span class="about danger-text">${facts.lookError}</span>` : nothing}
    </span>`;
  }

  /** Who uses an image: the current state, snapshots, other machines, or nothing. */
  #use(medium) {
    const labels = [];
    let current = medium.id === this.medium.id;
    if (current) labels.push(['current', 'Current state']);
    for (const use of medium.uses) {
      const machine = store.machines.get(use.machine);
      if (use.machine !== this.machine.id) {
        labels.push(['other', `${machine?.name ?? 'another machine'}${use.snapshots.length ? ' (snapshot)' : ''}`]);
        continue;
      }
      if (use.current && !current) labels.push(['current', 'Attached']);
      for (const id of use.snapshots)
        labels.push(['snapshot', this.machine.snapshots.find((each) => each.id === id)?.name ?? 'snapshot']);
    }
    if (labels.length === 0 && medium.children.length === 0) return { kind: 'leftover', labels: [['leftover', 'Not used']] };
    if (labels.length === 0) labels.push(['plain-use', medium.parent ? 'Between' : 'Base']);
    return { kind: current ? 'current' : medium.parent ? 'snapshot' : 'base', labels };
  }
}

/** The image at the bottom of a chain, whose name people know the disk by. */
export function baseOf(medium) {
  let base = medium;
  for (let up; (up = store.media.get(base.parent)); base = up);
  return base;
}

/** All images that hang together with one: down to the base, and everything that builds on it. */
function tree(medium) {
  const found = [];
  const open = [baseOf(medium)];
  while (open.length > 0) {
    const each = open.pop();
    found.push(each);
    for (const child of each.children) if (store.media.has(child)) open.push(store.media.get(child));
  }
  return found;
}

customElements.define('chain-tree', ChainTree);
