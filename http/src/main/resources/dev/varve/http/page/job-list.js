// Work in the background: how far it is, and why it failed.

import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './operation-menu.js';
import './problem-view.js';

export class JobList extends PageElement {
  render() {
    const jobs = [...store.jobs.values()].reverse();
    return html`<section aria-labelledby="jobs-title">
      <div class="section-head"><h1 id="jobs-title">Jobs <span class="tally">${jobs.filter((each) => each.state === 'Running').length} running</span></h1></div>
      ${jobs.length === 0 ? html`<p class="empty">No jobs. Copies, merges, imports and exports appear here.</p>` : nothing}
      <ul class="plain cards">${repeat(jobs, (each) => each.id, row)}</ul>
    </section>`;
  }
}

function row(job) {
  return html`<li class="card job ${job.state}">
    <div class="card-what">
      <span class="name">${job.description}</span>
      ${job.state === 'Running' ? html`<progress max="1000" .value=${job.permille} aria-label=${job.description}></progress>` : nothing}
      ${job.problem && job.state === 'Failed' ? html`<problem-view .problem=${job.problem}></problem-view>` : nothing}
    </div>
    <span class="about job-state">${job.state === 'Running' ? `${(job.permille / 10).toFixed(0)}%` : job.state}</span>
    <operation-menu kind="job" .context=${{ job }} name=${job.description}></operation-menu>
  </li>`;
}

customElements.define('job-list', JobList);
