// One machine: its storage, limits, snapshots, and what waits to be saved.

import { keyed } from 'lit/directives/keyed.js';
import { date, folderOf, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './limit-list.js';
import './operation-menu.js';
import './pending-changes.js';
import './problem-view.js';
import './snapshot-tree.js';
import './storage-list.js';

export class MachineView extends PageElement {
  static properties = { machine: {} };

  willUpdate(changed) {
    if (!changed.has('machine')) return;
    if (changed.get('machine')) store.unwatch(changed.get('machine'));
    store.watch(this.machine);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    store.unwatch(this.machine);
  }

  render() {
    const detail = store.details.get(this.machine);
    const summary = store.machines.get(this.machine);
    if (!summary) return html`<div class="view-head"><a class="back" href="#/machines">Machines</a><h1>Not here any more</h1></div>
      <p class="empty">There is no such machine. It may have been unregistered.</p>`;
    const machine = detail?.machine ?? summary;
    const context = { machine };
    return html`
      <header class="view-head">
        <a class="back" href="#/machines">Machines</a>
        <div class="title">
          <h1><bdi>${machine.name}</bdi></h1>
          <span class="state-pill ${summary.state}"><span class="dot ${summary.state}" aria-hidden="true"></span>${words(summary.state)}${summary.run?.readOnly ? ', read-only' : ''}</span>
          ${summary.encrypted ? html`<span class="badge warn">Encrypted by VirtualBox</span>` : nothing}
        </div>
        <operation-menu kind="machine" .context=${context} name=${machine.name} accent="startMachine"></operation-menu>
        <p class="path"><code>${machine.settingsFile}</code>${detail?.machine ? html` <span class="since">since ${date(detail.machine.lastStateChange)}</span>` : nothing}</p>
      </header>
      ${store.warnings.filter(({ subject }) => subject.startsWith(folderOf(machine.settingsFile)) || subject.startsWith(`${machine.name}/`)).map((each) => html`<p class="banner warn" role="status">${each.text}</p>`)}
      ${detail?.problem ? html`<problem-view .problem=${detail.problem}></problem-view>` : nothing}
      ${detail?.machine ? html`
        <pending-changes .detail=${detail}></pending-changes>
        ${keyed(machine.id, html`<storage-list .detail=${detail}></storage-list>
        <limit-list .machine=${detail.machine}></limit-list>`)}
        <snapshot-tree .machine=${detail.machine}></snapshot-tree>` : detail?.problem ? nothing : html`<p class="empty" aria-busy="true">Reading…</p>`}`;
  }
}

customElements.define('machine-view', MachineView);
