// Carries out operations: asks for what they need, says what they will do, shows why one was refused.

import { html, nothing } from 'lit';
import { api, Refusal } from './api.js';
import { bytes } from './format.js';
import { parametersFrom, waysOut } from './operations.js';
import { PageElement } from './element.js';
import { store } from './store.js';
import './problem-view.js';
import './result-view.js';
import './schema-form.js';

export class ActionDialog extends PageElement {
  #current = null;
  #preview = null;
  #problem = null;
  #result = null;
  #busy = false;
  #previewTimer = null;

  /** Begins an operation: at once if it needs neither a form nor a question. */
  async open({ entry, context, values }) {
    const operation = api.document.operation(entry.id);
    const given = { ...parametersFrom(context), ...values, ...entry.values };
    const before = entry.changes ? context[entry.changes] : null;
    const fields = entry.quick ? [] : api.document.fields(operation, given);
    this.#current = { entry, context, operation, given, before, fields, hints: entry.hints?.(context) ?? {} };
    this.#preview = this.#problem = this.#result = null;
    this.#busy = false;
    if (fields.length === 0 && !entry.destroys) {
      await this.#run();
      if (!this.#problem && !this.#result) return;
    }
    this.requestUpdate();
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (!dialog.open) dialog.showModal();
    this.querySelector('schema-form input, schema-form select, schema-form textarea')?.focus();
    this.#foresee();
  }

  render() {
    if (!this.#current) return html`<dialog></dialog>`;
    const { entry, context, operation, fields, hints, before } = this.#current;
    const over = this.#result !== null;
    return html`<dialog aria-labelledby="action-title" @close=${() => this.#closed()}>
      <form method="dialog" novalidate @submit=${(event) => this.#submit(event)} @input=${() => this.#foreseeSoon()}>
        <header>
          <h2 id="action-title">${entry.label}</h2>
          <p class="about">${subject(context)}</p>
        </header>
        <div class="dialog-body" tabindex="0" role="group" aria-labelledby="action-title">
          ${entry.destroys ? html`<p class="warning-text">${this.#preview?.summary ?? entry.destroys}</p>` : fields.length > 0 ? html`<p class="help">${operation.summary}</p>` : nothing}
          ${fields.length > 0 && !over ? html`<schema-form .fields=${fields} .hints=${hints} .before=${before} prefix="action"></schema-form>` : nothing}
          ${this.#preview ? previewOf(this.#preview) : nothing}
          ${this.#problem ? html`<problem-view .problem=${this.#problem} .context=${context} .ways=${waysOut(this.#problem, entry, context)}></problem-view>` : nothing}
          ${over ? html`<result-view .kind=${entry.result} .result=${this.#result}></result-view>` : nothing}
        </div>
        <footer class="buttons">
          <button type="button" @click=${() => this.#close()}>${over ? 'Close' : 'Cancel'}</button>
          ${over ? nothing : html`<button type="submit" class=${entry.destroys ? 'danger' : 'accent'} ?disabled=${this.#busy}>${this.#busy ? 'Working…' : entry.label}</button>`}
        </footer>
      </form>
    </dialog>`;
  }

  #foreseeSoon() {
    clearTimeout(this.#previewTimer);
    this.#previewTimer = setTimeout(() => this.#foresee(), 300);
  }

  /** Asks the server what would happen, if it can tell. */
  async #foresee() {
    const current = this.#current;
    if (!current?.entry.destroys || !current.operation.takes('dryRun')) return;
    try {
      const { values, body } = this.#request();
      this.#preview = await api.call(current.entry.id, { ...values, dryRun: true }, body);
      this.#problem = null;
    } catch (refused) {
      if (!(refused instanceof Refusal)) throw refused;
      this.#preview = null;
      // A form that is not filled in yet is no problem to tell of.
      if (current.fields.every((field) => !field.required)) this.#problem = refused.problem;
    }
    if (this.#current === current) this.requestUpdate();
  }

  async #submit(event) {
    event.preventDefault();
    const form = this.querySelector('schema-form');
    if (form && !form.check()) return;
    await this.#run();
    if (!this.#problem && !this.#result) this.#close();
  }

  #request() {
    const { operation, given, context } = this.#current;
    const form = this.querySelector('schema-form');
    const { query, body } = form?.isConnected && form.fields ? form.values() : { query: {}, body: {} };
    const values = { ...given, ...query };
    if (context.machine && operation.takes('Varve-Session')) values['Varve-Session'] = store.ownSession(context.machine.id);
    const fixed = operation.body ? Object.keys(api.document.schema(operation.body).properties ?? {}).filter((name) => name in given && !operation.takes(name)) : [];
    for (const name of fixed) body[name] = given[name];
    return { values, body: operation.body ? body : undefined };
  }

  async #run() {
    const { entry, context } = this.#current;
    this.#busy = true;
    this.#problem = null;
    this.requestUpdate();
    try {
      const { values, body } = this.#request();
      const answer = await api.call(entry.id, values, body);
      this.#finish(entry, context, answer);
    } catch (refused) {
      if (!(refused instanceof Refusal)) throw refused;
      this.#problem = refused.problem;
    } finally {
      this.#busy = false;
      this.requestUpdate();
    }
  }

  #finish(entry, context, answer) {
    if (entry.opensSession) store.useSession(context.machine.id, answer.id);
    if (entry.opensSession) store.sessions.set(answer.id, answer);
    if (entry.closesSession) store.useSession(context.session.machine, null);
    if (entry.result === 'report' || answer?.warnings?.length) this.#result = answer;
    if (entry.done) store.say(`${entry.label}: ${entry.done}`);
    store.reload().catch(() => {}); // events bring the same, a moment later
  }

  #close() {
    this.querySelector('dialog').close();
  }

  #closed() {
    clearTimeout(this.#previewTimer);
    this.#current = null;
    this.requestUpdate();
  }
}

/** What it is about, in a line. */
function subject({ machine, controller, attachment, bandwidthGroup, snapshot, medium, client, job }) {
  if (medium) return medium.location;
  const parts = [];
  if (machine) parts.push(machine.name ?? machine.settingsFile);
  if (controller) parts.push(controller.name);
  if (attachment) parts.push(`${attachment.controller} ${attachment.port}:${attachment.device}`);
  if (bandwidthGroup) parts.push(bandwidthGroup.name);
  if (snapshot) parts.push(snapshot.name);
  if (client) parts.push(client.peer);
  if (job) parts.push(job.description);
  return parts.join(' · ');
}

function previewOf({ changes = [], files = [], freedBytes, neededBytes, irreversible }) {
  return html`<section class="preview" aria-label="What will happen">
    <h3>What will happen</h3>
    ${changes.length ? html`<ul>${changes.map((each) => html`<li>${each}</li>`)}</ul>` : nothing}
    ${files.length ? html`<table><caption class="unseen">Files</caption><tbody>${files.map((file) =>
      html`<tr><th scope="row"><code>${file.location}</code></th><td>${file.action}</td><td class="number">${file.bytes === null ? '' : bytes(file.bytes)}</td></tr>`)}</tbody></table>` : nothing}
    <p class="facts">
      ${freedBytes ? html`<span>Gives back <strong>${bytes(freedBytes)}</strong></span>` : nothing}
      ${neededBytes ? html`<span>Needs <strong>${bytes(neededBytes)}</strong></span>` : nothing}
      ${irreversible ? html`<span class="danger-text">Cannot be undone</span>` : nothing}
    </p>
  </section>`;
}

customElements.define('action-dialog', ActionDialog);
