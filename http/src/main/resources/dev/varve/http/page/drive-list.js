// The drives and disks of the host that machines can use as they use images.

import { repeat } from 'lit/directives/repeat.js';
import { bytes, fileName, plural } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { sideLists } from './side-lists.js';
import { store } from './store.js';
import './operation-menu.js';
import './problem-view.js';

export class DriveList extends PageElement {
  sources = [store, sideLists];

  connectedCallback() {
    super.connectedCallback();
    sideLists.show('drives');
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    sideLists.hide('drives');
  }

  render() {
    const { drives = [], problem } = sideLists.of('drives');
    const known = new Set([...store.media.values()].map((each) => each.location));
    const empty = drives.filter(isEmpty);
    const shown = drives.filter((each) => !isEmpty(each));
    return html`<section aria-labelledby="drives-title">
      <div class="section-head"><h2 id="drives-title">Drives of the host <span class="tally">${shown.length}</span></h2></div>
      ${problem ? html`<problem-view .problem=${problem}></problem-view>` : nothing}
      ${shown.length === 0 && !problem ? html`<p class="empty">The host has no drive that a machine could use.</p>` : nothing}
      <ul class="plain cards">${repeat(shown, (each) => each.location, (each) => row(each, known.has(each.location)))}</ul>
      ${empty.length > 0 ? html`<details class="help"><summary>${plural(empty.length, 'device')} without a size</summary>
        <ul class="plain">${empty.map((each) => html`<li>${each.why}</li>`)}</ul></details>` : nothing}
    </section>`;
  }
}

/** A drive is worth a row without a disc too; a disk without a size is a device that is not set up. */
const isEmpty = (drive) => drive.device === 'HardDisk' && drive.capacity === 0;

function row(drive, registered) {
  const facts = [drive.device === 'HardDisk' ? 'Disk' : drive.device, drive.capacity ? bytes(drive.capacity) : 'no disc',
    drive.removable ? 'removable' : '', drive.writable ? '' : 'read-only'];
  return html`<li class="card drive" data-drive=${drive.location}>
    <div class="card-what"><span class="name">${drive.model || fileName(drive.location)}</span><code class="path">${drive.location}</code>
      ${drive.why ? html`<p class="help">${drive.why}</p>` : nothing}</div>
    <span class="about">${facts.filter(Boolean).join(' · ')}</span>
    <span class="about">${registered ? 'registered' : drive.usable ? '' : 'cannot be used'}</span>
    ${drive.usable && !registered ? html`<operation-menu kind="drive" .context=${{ drive }} name=${drive.location}></operation-menu>` : html`<span></span>`}
  </li>`;
}

customElements.define('drive-list', DriveList);
