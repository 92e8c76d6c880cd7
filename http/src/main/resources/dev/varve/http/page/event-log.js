// What happened since this page was opened.

import { PageElement } from './element.js';
import { time } from './format.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';

const KINDS = { machine: 'Machine', medium: 'Medium', session: 'Session', bandwidthGroup: 'Limit', job: 'Job', client: 'Client', export: 'Disk', fault: 'Fault', gap: 'Log' };

export class EventLog extends PageElement {
  render() {
    return html`<section aria-labelledby="events-title">
      <div class="section-head"><h1 id="events-title">Events <span class="tally">${store.lines.length}</span></h1></div>
      ${store.warnings.map((each) => html`<p class="banner warn"><strong>${each.subject}</strong> ${each.text}</p>`)}
      ${store.lines.length === 0 ? html`<p class="empty">Nothing has happened since this page was opened.</p>` : nothing}
      <div role="log" aria-label="Events, the newest first"><ol class="plain log">${store.lines.map((line) => html`<li class=${line.level}>
        <time datetime=${line.at.toISOString()}>${time(line.at)}</time>
        <span class="badge">${KINDS[line.kind] ?? line.kind}</span>
        <span class="log-text">${line.text}</span></li>`)}</ol></div>
    </section>`;
  }
}

customElements.define('event-log', EventLog);
