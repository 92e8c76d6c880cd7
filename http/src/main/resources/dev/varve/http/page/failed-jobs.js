// Jobs that this window has begun and that failed: told at any place of the page, until the user has read it.

import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './problem-view.js';

export class FailedJobs extends PageElement {
  render() {
    const { failed } = store.begunJobs;
    if (failed.length === 0) return nothing;
    return html`<section class="failed-jobs" aria-label="Failed jobs"><ul class="plain">${repeat(failed, (each) => each.id, (each) => this.#told(each))}</ul></section>`;
  }

  #told(job) {
    return html`<li><problem-view .problem=${job.problem} .failed=${job.description}></problem-view>
      <button type="button" aria-label=${`Dismiss: ${job.description}`} @click=${() => this.#dismiss(job)}>Dismiss</button></li>`;
  }

  #dismiss(job) {
    store.begunJobs.dismiss(job);
    store.changed();
    document.querySelector('#content').focus({ preventScroll: true }); // the button that had it is gone
  }
}

customElements.define('failed-jobs', FailedJobs);
