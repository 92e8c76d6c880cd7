// A refusal: what blocks, and the ways out as buttons.

import { html, nothing } from 'lit';
import { act, PageElement } from './element.js';

export class ProblemView extends PageElement {
  static properties = { problem: { attribute: false }, ways: { attribute: false }, context: { attribute: false } };

  render() {
    const { title, detail, error, requestId, status } = this.problem;
    return html`<div class="problem" role="alert">
      <p class="problem-text"><strong>${status === 0 ? title : 'Refused.'}</strong> ${sentence(detail)}</p>
      ${error || requestId ? html`<p class="problem-code">${error}${requestId ? html` · request ${requestId}` : nothing}</p>` : nothing}
      ${this.ways?.length ? html`<div class="buttons">${this.ways.map((way) =>
        html`<button type="button" class="way-out" @click=${() => act(this, way.entry, this.context, way.values)}>${way.entry.label}</button>`)}</div>` : nothing}
    </div>`;
  }
}

function sentence(text) {
  if (!text) return '';
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

customElements.define('problem-view', ProblemView);
