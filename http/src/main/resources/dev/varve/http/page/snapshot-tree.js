// The snapshots of a machine as a tree, with the current state where it stands.

import { repeat } from 'lit/directives/repeat.js';
import { actButton } from './act-button.js';
import { PageElement } from './element.js';
import { date } from './format.js';
import { laneCells } from './lane-cells.js';
import { lanes } from './lanes.js';
import { html, nothing } from './markup.js';
import { entryOf } from './operations.js';
import './operation-menu.js';

const NOW = 'now';

export class SnapshotTree extends PageElement {
  static properties = { machine: { attribute: false } };

  render() {
    const { snapshots, currentSnapshot, currentStateModified } = this.machine;
    const rows = lanes([...snapshots, { id: NOW, parent: currentSnapshot, modified: currentStateModified }], NOW);
    return html`<section aria-labelledby="snapshots-title">
      <div class="section-head">
        <h2 id="snapshots-title">Snapshots <span class="tally">${snapshots.length}</span></h2>
        <div class="buttons">${actButton(this, entryOf('takeSnapshot'), { machine: this.machine })}</div>
      </div>
      ${snapshots.length === 0 ? html`<p class="empty">No snapshots. A snapshot keeps the disks as they are now, also while the machine runs.</p>` : html`
      <ol class="plain tree snapshots">${repeat(rows, ({ node }) => node.id, (row) => this.#row(row))}</ol>`}
    </section>`;
  }

  #row(row) {
    const { node } = row;
    if (node.id === NOW)
      return html`<li class="snapshot" aria-level=${row.depth}>${laneCells(row, 'current')}
        <div class="snapshot-what"><span class="use current">Current state</span><span class="about">${node.modified ? 'changed since the snapshot' : ''}</span></div></li>`;
    return html`<li class="snapshot" aria-level=${row.depth} data-snapshot=${node.name}>
      ${laneCells(row, 'snapshot')}
      <div class="snapshot-what">
        <span class="name"><bdi>${node.name}</bdi></span>
        <span class="about">${date(node.takenAt)}${node.stateFile ? ' · with memory' : ''}</span>
        ${node.description ? html`<span class="help description">${node.description}</span>` : nothing}
      </div>
      <operation-menu kind="snapshot" compact .context=${{ machine: this.machine, snapshot: node }} name=${node.name}></operation-menu>
    </li>`;
  }
}

customElements.define('snapshot-tree', SnapshotTree);
