// A refusal or a failure: what blocks, and the ways out as buttons.

import { actButton } from './act-button.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { waysOut } from './operations.js';

export class ProblemView extends PageElement {
  static properties = { problem: { attribute: false }, failed: {} };

  /** `failed` is what has failed, where nothing was refused. */
  render() {
    const { title, detail, error, requestId, status } = this.problem;
    const ways = waysOut(this.problem);
    return html`<div class="problem" role="alert">
      <p class="problem-text"><strong>${this.failed ? `Failed: ${this.failed}.` : status === 0 ? title : 'Refused.'}</strong> ${sentence(detail)}</p>
      ${error || requestId ? html`<p class="problem-code">${error}${requestId ? html` · request ${requestId}` : nothing}</p>` : nothing}
      ${ways.length > 0 ? html`<div class="buttons">${ways.map(({ entry, context }) => actButton(this, entry, context, { kind: 'way-out' }))}</div>` : nothing}
    </div>`;
  }
}

function sentence(text) {
  if (!text) return '';
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

customElements.define('problem-view', ProblemView);
