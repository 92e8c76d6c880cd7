// The page: what is shown at which address, and the dialog in which everything is done.

import { api } from './api.js';
import { PageElement } from './element.js';
import { plural } from './format.js';
import { html, nothing } from './markup.js';
import { whyNot } from './operations.js';
import { store } from './store.js';
import { theme, THEMES, useTheme } from './theme.js';
import './action-dialog.js';
import './client-list.js';
import './event-log.js';
import './failed-jobs.js';
import './job-list.js';
import './machine-list.js';
import './machine-view.js';
import './media-list.js';
import './sign-in.js';
import './token-list.js';

const PLACES = [
  ['machines', 'Machines'],
  ['media', 'Media'],
  ['clients', 'Clients'],
  ['jobs', 'Jobs'],
  ['events', 'Events'],
  ['tokens', 'Tokens'],
];

/** Places that are there for those only that may use this operation. */
const NEEDS = { tokens: 'listTokens' };

const CONNECTIONS = { opening: 'Connecting…', live: 'Live', lost: 'Reconnecting…' };

const NOTICE_MILLIS = 5000;

/** Whether there is room for a machine beside the list. */
const wide = matchMedia('(min-width: 60rem)');

class VarveApp extends PageElement {
  #noticeTimer = null;
  #shown = null;
  #lastMachine = null;

  /** Tells the style sheet how high the part is that stays at the top, behind which nothing may hide. */
  #stuck = new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty('--stuck', `${target.offsetHeight}px`));

  connectedCallback() {
    super.connectedCallback();
    addEventListener('hashchange', () => this.requestUpdate());
    wide.addEventListener('change', () => this.requestUpdate());
    this.addEventListener('varve-act', (event) => this.querySelector('action-dialog').open(event.detail));
    store.open();
  }

  render() {
    if (store.access === 'opening') return html`<p class="empty" aria-busy="true">Connecting…</p>`;
    if (store.access === 'signedOut') return html`<sign-in></sign-in>`;
    const [place, id] = location.hash.replace(/^#\/?/, '').split('/');
    const places = PLACES.filter(([name]) => !NEEDS[name] || (api.has(NEEDS[name]) && !whyNot({ id: NEEDS[name] }, {})));
    const at = places.some(([name]) => name === place) ? place : 'machines';
    return html`
      <a class="skip" href="#content" @click=${(event) => this.#skip(event)}>Skip to content</a>
      <div class="stuck">${this.#header(places, at)}<failed-jobs></failed-jobs></div>
      ${store.connection === 'lost' ? html`<p class="banner warn lost" role="alert">The server does not answer. What you see is as it was last; the page connects again by itself.</p>` : nothing}
      <main id="content" tabindex="-1" class=${at}>${this.#content(at, id)}</main>
      <p class="notice ${store.notice ? 'is-shown' : ''}" role="status">${store.notice?.text}</p>
      <action-dialog></action-dialog>`;
  }

  /** The one that is shown beside the list if none is named: that which was looked at last, or the first. */
  #usualMachine() {
    return store.machines.has(this.#lastMachine) ? this.#lastMachine : store.machinesByName[0]?.id;
  }

  #header(places, at) {
    const running = [...store.jobs.values()].filter((each) => each.state === 'Running').length;
    const tally = { clients: store.clients.length, jobs: running };
    return html`<header class="top">
      <a class="brand" href="#/machines"><img src="/page/icon.svg" alt="" width="24" height="24">Varve</a>
      <nav aria-label="Parts of the page" class="places">${places.map(([name, label]) =>
        html`<a href="#/${name}" aria-current=${name === at ? 'page' : nothing}>${label}${tally[name] ? html`<span class="tally">${tally[name]}</span>` : nothing}</a>`)}</nav>
      <div class="top-end">
        ${this.#rights()}
        <span class="connection ${store.connection}" role="status"><span class="dot" aria-hidden="true"></span><span class="connection-text">${CONNECTIONS[store.connection]}</span></span>
        <label class="unseen" for="theme">Colours</label>
        <select id="theme" @change=${(event) => useTheme(event.target.value)}>${THEMES.map((each) =>
          html`<option value=${each} ?selected=${each === theme()}>${{ auto: 'Auto', light: 'Light', dark: 'Dark' }[each]}</option>`)}</select>
        <button type="button" class="quiet" @click=${() => store.signOut()}>Sign out</button>
      </div>
    </header>`;
  }

  /** What a token of lesser scope may do, so that disabled buttons are no surprise. */
  #rights() {
    const { scope, machines } = store.rights ?? {};
    if (!scope || scope === 'admin') return nothing;
    return html`<span class="badge rights" title=${scope === 'operate' ? `Your token operates ${machines.map((each) => each.name).join(', ')}.` : 'Your token may look, and change nothing.'}>${scope === 'operate' ? plural(machines.length, 'machine') : 'read only'}</span>`;
  }

  #content(at, id) {
    switch (at) {
      case 'media': return html`<media-list></media-list>`;
      case 'clients': return html`<client-list></client-list>`;
      case 'jobs': return html`<job-list></job-list>`;
      case 'events': return html`<event-log></event-log>`;
      case 'tokens': return html`<token-list></token-list>`;
      default: {
        const chosen = id ?? (wide.matches ? this.#usualMachine() : undefined);
        this.#lastMachine = chosen ?? this.#lastMachine;
        return html`<div class="columns ${id ? 'is-chosen' : ''}">
          <machine-list .chosen=${chosen}></machine-list>
          <div class="detail">${chosen ? html`<machine-view .machine=${chosen}></machine-view>` : html`<h1 class="unseen">Machines</h1>`}</div>
        </div>`;
      }
    }
  }

  updated() {
    const stuck = this.querySelector('.stuck');
    if (stuck) this.#stuck.observe(stuck);
    if (store.notice !== this.#shown) {
      this.#shown = store.notice;
      clearTimeout(this.#noticeTimer);
      if (store.notice) this.#noticeTimer = setTimeout(() => {
        store.notice = null;
        store.changed();
      }, NOTICE_MILLIS);
    }
  }

  #skip(event) {
    event.preventDefault();
    this.querySelector('#content').focus();
  }
}

customElements.define('varve-app', VarveApp);
