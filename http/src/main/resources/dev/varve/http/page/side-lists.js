// Lists that no event tells of: they are read while an element shows them, and again when everything is.

import { api, Refusal } from './api.js';

const OPERATIONS = { tokens: 'listTokens', drives: 'listHostDrives' };

class SideLists extends EventTarget {
  /** What was answered for each list that is shown, or { problem }. */
  #shown = new Map();

  subscribe(listener) {
    this.addEventListener('change', listener);
    return () => this.removeEventListener('change', listener);
  }

  /** What is known of a list: the answer, { problem }, or nothing yet. */
  of(list) {
    return this.#shown.get(list) ?? {};
  }

  show(list) {
    this.#shown.set(list, {});
    this.#read(list);
  }

  hide(list) {
    this.#shown.delete(list);
  }

  readAgain() {
    for (const list of this.#shown.keys()) this.#read(list);
  }

  async #read(list) {
    let answer;
    try {
      answer = await api.call(OPERATIONS[list]);
    } catch (thrown) {
      answer = { problem: Refusal.problemOf(thrown) };
    }
    if (this.#shown.has(list)) this.#shown.set(list, answer);
    this.dispatchEvent(new Event('change'));
  }
}

export const sideLists = new SideLists();
