// What a session has changed and not saved, as a list with save and discard.

import { fileName, slot, span, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './operation-menu.js';

export class PendingChanges extends PageElement {
  static properties = { detail: { attribute: false } };

  render() {
    const { machine, saved } = this.detail;
    const sessions = [...store.sessions.values()].filter((each) => each.machine === machine.id);
    if (sessions.length === 0) return nothing;
    const own = store.ownSession(machine.id);
    const changes = saved ? difference(saved.hardware, machine.hardware) : [];
    return html`<section class="pending" aria-label="Changes that are not saved">
      ${sessions.map((session) => html`<div class="section-head">
        <h2>${session.id === own ? 'Your changes' : 'A session holds this machine'} <span class="tally">${changes.length}</span></h2>
        <operation-menu kind="session" .context=${{ machine, session }} name="session" accent="saveSession"></operation-menu>
      </div>
      <p class="help">${session.id === own ? 'What you change now waits here until you save it.' : `Held by ${session.holder}.`}${session.expires ? ` The session ends by itself when nothing names it for ${span(session.leaseSeconds)}.` : ''}</p>`)}
      ${changes.length === 0 ? html`<p class="empty slim">Nothing has changed.</p>` : html`<ul class="changes">${changes.map((each) => html`<li class=${each.kind}>${each.text}</li>`)}</ul>`}
    </section>`;
  }
}

const medium = (id) => (store.media.has(id) ? fileName(store.media.get(id).location) : 'nothing');
const show = (name, value) => (name === 'medium' ? medium(value) : value === null ? 'none' : String(value));

/** Two copies of a machine's storage, told as changes. */
function difference(before, after) {
  return [
    ...changes(before.controllers, after.controllers, (each) => each.name, (each) => `controller ${each.name}`, CONTROLLER),
    ...changes(before.attachments, after.attachments, slot, (each) => `${slot(each)} ${each.medium ? medium(each.medium) : 'empty drive'}`, ATTACHMENT),
    ...changes(before.bandwidthGroups, after.bandwidthGroups, (each) => each.name, (each) => `limit ${each.name}`, GROUP),
  ];
}

const CONTROLLER = ['type', 'portCount', 'bootable', 'useHostIoCache'];
const ATTACHMENT = ['medium', 'passthrough', 'temporaryEject', 'nonRotational', 'discard', 'hotPluggable', 'bandwidthGroup'];
const GROUP = ['maxBytesPerSecond', 'maxReadBytesPerSecond', 'maxWriteBytesPerSecond', 'maxOperationsPerSecond',
  'maxReadOperationsPerSecond', 'maxWriteOperationsPerSecond', 'burstMilliseconds'];

function changes(before, after, key, name, members) {
  const old = new Map(before.map((each) => [key(each), each]));
  const now = new Map(after.map((each) => [key(each), each]));
  const list = [];
  for (const [id, each] of old) if (!now.has(id)) list.push({ kind: 'removed', text: `Removed: ${name(each)}` });
  for (const [id, each] of now) {
    const was = old.get(id);
    if (!was) list.push({ kind: 'added', text: `Added: ${name(each)}` });
    else
      for (const member of members)
        if (was[member] !== each[member])
          list.push({ kind: 'changed', text: `${name(each)}: ${words(member).toLowerCase()} ${show(member, was[member])} → ${show(member, each[member])}` });
  }
  return list;
}

customElements.define('pending-changes', PendingChanges);
