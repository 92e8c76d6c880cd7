// The lines of a tree, left of a row: one cell for each lane.

import { html } from './markup.js';

/** @param row of lanes() */
export function laneCells(row, kind) {
  const cells = [];
  for (let lane = 0; lane < row.lane; lane++)
    cells.push(html`<span class="lane ${row.branches && lane === row.lane - 1 ? 'begins' : ''}"></span>`);
  const parts = ['lane', 'node', kind];
  if (!row.root && !row.branches) parts.push('up');
  if (!row.ends) parts.push('down');
  cells.push(html`<span class=${parts.join(' ')}></span>`);
  return html`<span class="lanes" aria-hidden="true">${cells}</span>`;
}
