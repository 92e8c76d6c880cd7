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

  /** The problem of a refusal; anything else that was thrown is a bug of the page, and is thrown on. */
  static problemOf(thrown) {
    if (thrown instanceof Refusal) return thrown.problem;
    throw thrown;
  }
}

const NO_ANSWER = { title: 'No answer.', status: 0, detail: 'The server does not answer. It may have ended, or the connection is broken.' };
const NO_JSON = { title: 'No answer of Varve.', status: 0, detail: 'The answer is not JSON. Another program answers in place of the server, perhaps a proxy.' };

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

  /** Whether the server asks for a token where the page is from; over its socket it does not. */
  async needsToken() {
    try {
      return (await fetch('/page/icon.svg', { method: 'HEAD', cache: 'no-store' })).headers.has('WWW-Authenticate');
    } catch {
      return false; // no answer: the next question tells
    }
  }

  /** Whether the token may read the metrics, for which the smallest scope is enough. */
  async mayScrape() {
    try {
      return (await fetch('/metrics', { headers: this.headers() })).ok;
    } catch {
      return false; // no answer: what was refused before is what there is to tell
    }
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
    let text;
    try {
      response = await fetch(path, {
        method,
        headers: { ...this.headers(), ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      text = await response.text(); // in which the connection may break too
    } catch {
      throw new Refusal(NO_ANSWER);
    }
    const json = parse(text);
    if (!response.ok) {
      const problem = json?.detail ? json : { title: response.statusText, status: response.status, detail: text };
      throw new Refusal({ ...problem, requestId: response.headers.get('X-Request-Id') });
    }
    if (json === undefined) throw new Refusal(NO_JSON);
    return json;
  }
}

/**
 * Null for nothing, undefined for what is not JSON. Larger integers than JavaScript counts exactly stand for "none" or
 * "longer"; their last digits do not matter.
 */
function parse(text) {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const api = new Api();
