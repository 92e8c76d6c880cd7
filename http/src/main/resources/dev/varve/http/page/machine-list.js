// All machines, with what each does now.

import { repeat } from 'lit/directives/repeat.js';
import { exportName, fileName, perSecond, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { rates } from './rates.js';
import { store } from './store.js';
import './operation-menu.js';

export class MachineList extends PageElement {
  static properties = { chosen: {}, filter: { state: true } };
  sources = [store, rates];

  constructor() {
    super();
    this.filter = '';
  }

  render() {
    const machines = store.machinesByName;
    const shown = machines.filter((each) => each.name.toLowerCase().includes(this.filter.toLowerCase()));
    return html`<nav aria-label="Machines">
      <div class="list-head">
        <h2>Machines <span class="tally">${machines.length}</span></h2>
        <operation-menu kind="server" .context=${{}} name="machines"></operation-menu>
      </div>
      ${machines.length > 8 ? html`<input type="search" aria-label="Find a machine" placeholder="Find" .value=${this.filter} @input=${(event) => (this.filter = event.target.value)}>` : nothing}
      ${machines.length === 0 && store.bad.length === 0 ? html`<p class="empty">No machines yet. Make one, or open the settings file of a VirtualBox machine.</p>` : nothing}
      <ul class="plain">${repeat(shown, (each) => each.id, (each) => this.#row(each))}
        ${store.bad.map((each) => this.#bad(each))}</ul>
    </nav>`;
  }

  #row(machine) {
    const total = rates.bytesPerSecond(store.exports.filter((each) => each.machine === machine.id).map(exportName));
    return html`<li><a class="machine-row" href="#/machines/${machine.id}" aria-current=${machine.id === this.chosen ? 'page' : nothing}>
      <span class="dot ${machine.state}" aria-hidden="true"></span>
      <span class="name" title=${machine.name}><bdi>${machine.name}</bdi></span>
      <span class="state">${words(machine.state)}${machine.modified ? html` · <em>not saved</em>` : nothing}</span>
      ${machine.run ? html`<span class="rate number">${perSecond(total)}</span>` : nothing}
    </a></li>`;
  }

  #bad(machine) {
    return html`<li class="bad-machine">
      <span class="name">${fileName(machine.settingsFile)}</span>
      <p class="help">${machine.why}</p>
      <operation-menu kind="badMachine" .context=${{ machine }} name=${fileName(machine.settingsFile)}></operation-menu>
    </li>`;
  }
}

customElements.define('machine-list', MachineList);
