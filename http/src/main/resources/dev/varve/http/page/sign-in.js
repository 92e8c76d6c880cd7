// Asks for the token. It is kept for this tab only, and never in an address.

import { PageElement } from './element.js';
import { html, nothing } from './markup.js';
import { store } from './store.js';
import './problem-view.js';

export class SignIn extends PageElement {
  render() {
    return html`<main class="sign-in">
      <form @submit=${(event) => this.#submit(event)}>
        <img src="/page/icon.svg" alt="" width="40" height="40">
        <h1>Varve</h1>
        <input type="text" name="username" autocomplete="username" value="varve" hidden>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" required autocomplete="current-password" spellcheck="false" aria-describedby="token-help">
        <p id="token-help" class="help">The contents of the file <code>token</code> in the server's state folder:
          <code>cat ~/.local/state/varve/token</code>, or for the service of the package <code>sudo cat /var/lib/varve/token</code></p>
        ${store.refusal ? html`<problem-view .problem=${store.refusal}></problem-view>` : nothing}
        <button type="submit" class="accent">Sign in</button>
      </form>
    </main>`;
  }

  firstUpdated() {
    this.querySelector('#token').focus();
  }

  async #submit(event) {
    event.preventDefault();
    const input = this.querySelector('#token');
    await store.signIn(input.value.trim());
    input.value = '';
    input.focus();
  }
}

customElements.define('sign-in', SignIn);
