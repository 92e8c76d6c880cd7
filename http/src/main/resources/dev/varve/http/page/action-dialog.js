// Carries out operations: asks for what they need, says what they will do, shows why one was refused.

import { api, Refusal } from './api.js';
import { bytes, slot } from './format.js';
import { html, nothing } from './markup.js';
import { parametersFrom } from './operations.js';
import { PageElement } from './element.js';
import { store } from './store.js';
import './problem-view.js';
import './result-view.js';
import './schema-form.js';

/** Answers that are shown, and not only what they warn of. */
const ALWAYS_SHOWN = new Set(['report', 'token']);

export class ActionDialog extends PageElement {
  /** The operation that is asked about, and what is known of it; null while none is. */
  #current = null;
  #previewTimer = null;

  /** Begins an operation: at once if it needs neither a form nor a question. */
  async open({ entry, context }) {
    const operation = api.document.operation(entry.id);
    const given = { ...parametersFrom(context), ...entry.values };
    const hints = (!entry.quick && entry.hints?.(context)) || {};
    const fields = entry.quick ? [] : api.document.fields(operation, given).filter(({ name }) => hints[name] !== null);
    const current = {
      entry, context, operation, given, fields, hints,
      before: entry.changes ? context[entry.changes] : null,
      preview: null, problem: null, result: null, busy: false,
    };
    this.#current = current;
    if (fields.length === 0 && !entry.destroys && (await this.#carriedOut(current))) return;
    this.requestUpdate();
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (!dialog.open) dialog.showModal();
    this.querySelector('schema-form input, schema-form select, schema-form textarea')?.focus();
    this.#foresee();
  }

  render() {
    if (!this.#current) return html`<dialog></dialog>`;
    const { entry, context, operation, fields, hints, before, preview, problem, result, busy } = this.#current;
    const over = result !== null;
    return html`<dialog aria-labelledby="action-title" @close=${() => this.#closed()}>
      <form method="dialog" novalidate @submit=${(event) => this.#submit(event)} @input=${() => this.#foreseeSoon()}>
        <header>
          <h2 id="action-title">${entry.label}</h2>
          <p class="about">${subject(context)}</p>
        </header>
        <div class="dialog-body" tabindex="0" role="group" aria-labelledby="action-title">
          ${entry.destroys ? html`<p class="warning-text">${preview?.summary ?? entry.destroys}</p>` : fields.length > 0 && !over ? html`<p class="help">${operation.summary}</p>` : nothing}
          ${fields.length > 0 && !over ? html`<schema-form .fields=${fields} .hints=${hints} .before=${before} prefix="action"></schema-form>` : nothing}
          ${preview ? previewOf(preview) : nothing}
          ${problem ? html`<problem-view .problem=${problem}></problem-view>` : nothing}
          ${over ? html`<result-view .kind=${entry.result} .result=${result}></result-view>` : nothing}
        </div>
        <footer class="buttons">
          <button type="button" @click=${() => this.#close()}>${over ? 'Close' : 'Cancel'}</button>
          ${over ? nothing : html`<button type="submit" class=${entry.destroys ? 'danger' : 'accent'} ?disabled=${busy}>${busy ? 'Working…' : entry.label}</button>`}
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
    const look = (current.look = {}); // the answer counts as long as this is the last question
    let preview = null;
    let problem = null;
    try {
      const { values, body } = this.#request(current);
      preview = await api.call(current.entry.id, { ...values, dryRun: true }, body);
    } catch (thrown) {
      const refusal = Refusal.problemOf(thrown);
      // A form that is not filled in yet is no problem to tell of.
      if (current.fields.every((field) => !field.required)) problem = refusal;
    }
    if (current.look !== look) return;
    Object.assign(current, { preview, problem });
    this.requestUpdate();
  }

  async #submit(event) {
    event.preventDefault();
    const form = this.querySelector('schema-form');
    if (form && !form.check()) return;
    await this.#carriedOut(this.#current);
  }

  #request({ operation, given, context, fields }) {
    const { query, body } = fields.length > 0 ? this.querySelector('schema-form').values() : { query: {}, body: {} };
    const values = { ...given, ...query };
    if (context.machine && operation.takes('Varve-Session')) values['Varve-Session'] = store.ownSession(context.machine.id);
    const fixed = operation.body ? Object.keys(api.document.schema(operation.body).properties ?? {}).filter((name) => name in given && !operation.takes(name)) : [];
    for (const name of fixed) body[name] = given[name];
    return { values, body: operation.body ? body : undefined };
  }

  /** Whether it was done and there is nothing to show of it; the dialog is closed then. */
  async #carriedOut(current) {
    clearTimeout(this.#previewTimer);
    Object.assign(current, { busy: true, problem: null, look: null });
    this.requestUpdate();
    try {
      const { values, body } = this.#request(current);
      this.#finish(current, await api.call(current.entry.id, values, body));
    } catch (thrown) {
      current.problem = Refusal.problemOf(thrown);
    } finally {
      current.busy = false;
      this.requestUpdate();
    }
    const over = !current.problem && !current.result;
    if (over && this.#current === current) this.#close();
    return over;
  }

  #finish(current, answer) {
    const { entry, given, operation } = current;
    if (operation.beginsJob) store.begunJobs.add(answer);
    if (entry.opensSession) store.useSession(answer);
    if (entry.opensMachine) location.hash = `#/machines/${answer.id}`;
    if (entry.closesSession) store.sessions.delete(given.session);
    if (ALWAYS_SHOWN.has(entry.result) || answer?.warnings?.length) current.result = answer;
    if (entry.done) store.say(entry.done);
    store.reload().catch(Refusal.problemOf); // events bring the same, a moment later
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
function subject({ machine, controller, attachment, bandwidthGroup, snapshot, medium, client, job, token, drive }) {
  if (medium) return medium.location;
  const parts = [];
  if (machine) parts.push(machine.name ?? machine.settingsFile);
  if (controller) parts.push(controller.name);
  if (attachment) parts.push(slot(attachment));
  if (bandwidthGroup) parts.push(bandwidthGroup.name);
  if (snapshot) parts.push(snapshot.name);
  if (client) parts.push(client.peer);
  if (job) parts.push(job.description);
  if (token) parts.push(token.name);
  if (drive) parts.push(drive.location);
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
