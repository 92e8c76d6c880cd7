// The tokens that were made, with what each allows. Who may not see them does not come here.

import { repeat } from 'lit/directives/repeat.js';
import { date } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { sideLists } from './side-lists.js';
import { store } from './store.js';
import './operation-menu.js';
import './problem-view.js';

const MEANINGS = {
  metrics: 'reads the metrics',
  read: 'sees everything, changes nothing',
  operate: 'operates',
  admin: 'may do everything',
};

export class TokenList extends PageElement {
  sources = [store, sideLists];

  connectedCallback() {
    super.connectedCallback();
    sideLists.show('tokens');
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    sideLists.hide('tokens');
  }

  render() {
    const { tokens, problem } = sideLists.of('tokens');
    return html`<section aria-labelledby="tokens-title">
      <div class="section-head">
        <h1 id="tokens-title">Tokens <span class="tally">${tokens?.length}</span></h1>
        <operation-menu kind="tokens" .context=${{}} name="tokens"></operation-menu>
      </div>
      <p class="help">A token lets a person or a program use this server: each gets its own, with no more than it needs.
        The owner's token, in the file <code>token</code> of the state folder, is not in this list.</p>
      ${problem ? html`<problem-view .problem=${problem}></problem-view>` : nothing}
      ${tokens?.length === 0 ? html`<p class="empty">No tokens yet.</p>` : nothing}
      <ul class="plain cards">${repeat(tokens ?? [], (each) => each.id, row)}</ul>
    </section>`;
  }
}

function row(token) {
  const over = token.expiresAt && new Date(token.expiresAt) < new Date();
  return html`<li class="card token" data-token=${token.id}>
    <div class="card-what"><span class="name"><bdi>${token.name}</bdi></span><span class="about">made ${date(token.madeAt)}</span></div>
    <span class="about"><span class="badge">${token.scope}</span> ${MEANINGS[token.scope]} ${token.machines.map(({ machine, name }) =>
      html`<a href="#/machines/${machine}"><bdi>${name}</bdi></a> `)}</span>
    <span class="about">${over ? html`<span class="badge warn">expired</span>` : token.expiresAt ? `until ${date(token.expiresAt)}` : 'does not expire'}</span>
    <operation-menu kind="token" .context=${{ token }} name=${`token ${token.name}`}></operation-menu>
  </li>`;
}

customElements.define('token-list', TokenList);
