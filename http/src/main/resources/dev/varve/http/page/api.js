// Requests to the server. Which path, and where a parameter goes, the document says.

import { ApiDocument } from './document.js';

const KEY = 'varve.token';
const DOCUMENT = '/api/v1/openapi.json';

/** A refusal: the server's problem, or that there was no answer. */
export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

class Api {
  #token = sessionStorage.getItem(KEY);
  document = null;

  get hasToken() {
    return this.#token !== null;
  }

  useToken(token) {
    this.#token = token;
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  }

  headers() {
    return this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` };
  }

  /** Whether the token may read the metrics, for which the smallest scope is enough. */
  async mayScrape() {
    return (await fetch('/metrics', { headers: this.headers() })).ok;
  }

  /** Reads the document, if it is not there yet. */
  async open() {
    if (!this.document) this.document = new ApiDocument(await this.#send('GET', DOCUMENT, {}));
  }

  has(id) {
    return Boolean(this.document?.operation(id));
  }

  /**
   * Calls an operation.
   * @param values its parameters by name, wherever they go
   * @returns what was answered; null for nothing
   */
  async call(id, values = {}, body = undefined) {
    const operation = this.document.operation(id);
    let path = operation.path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { name, in: place } of operation.parameters) {
      const value = values[name];
      if (value === undefined || value === null) continue;
      if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
      else if (place === 'query') query.set(name, value);
      else headers[name] = value;
    }
    if (query.size > 0) path += `?${query}`;
    return this.#send(operation.method, path, headers, body);
  }

  async #send(method, path, headers, body) {
    let response;
    try {
      response = await fetch(path, {
        method,
        headers: { ...this.headers(), ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Refusal({ title: 'No answer', status: 0, detail: 'The server does not answer. It may have ended, or the connection is broken.' });
    }
    const text = await response.text();
    const json = text === '' ? null : parse(text);
    if (!response.ok) {
      const problem = json?.detail ? json : { title: response.statusText, status: response.status, detail: text };
      throw new Refusal({ ...problem, requestId: response.headers.get('X-Request-Id') });
    }
    return json;
  }
}

/** Larger integers than JavaScript counts exactly stand for "none" or "longer"; their last digits do not matter. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const api = new Api();
