// An answer that is worth a look: a report, or what to know about something that was done.

import { fileName } from './format.js';
import { copyButton } from './copy-button.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';

export class ResultView extends PageElement {
  static properties = { kind: {}, result: { attribute: false } };

  render() {
    return html`<div class="result" role="status">${(SHOWN[this.kind] ?? warnings)(this.result)}</div>`;
  }
}

const STATUS = { clean: 'No damage was found.', leaks: 'It uses more space than it needs; its contents are whole.', damaged: 'It is damaged.' };

function report({ file, status, findings = [], served }) {
  return html`<p class=${status === 'damaged' ? 'danger-text' : ''}><strong>${fileName(file)}</strong>: ${STATUS[status] ?? status}</p>
    ${served ? html`<p class="help">A machine writes to it. What is not written back yet was not checked.</p>` : nothing}
    ${findings.length ? html`<ul>${findings.map((each) => html`<li>${each.message} <span class="badge">${each.severity}</span></li>`)}</ul>` : nothing}`;
}

function warnings({ warnings: texts = [] }) {
  return html`<p>Done, with ${texts.length === 1 ? 'a warning' : 'warnings'}:</p><ul>${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

/** The only time that the token can be seen. */
function secret({ token, name }) {
  return html`<p>Copy the token of <strong>${name}</strong> now: it is shown this once, and the server keeps only a hash of it.</p>
    <p class="secret"><code>${token}</code></p>${copyButton(token, 'The token is copied.')}`;
}

const SHOWN = { report, token: secret };

customElements.define('result-view', ResultView);
