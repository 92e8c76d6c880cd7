// Server-sent events over fetch: EventSource cannot send the token.

import { api } from './api.js';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** Takes the stream's text apart: pieces in, events out. */
class EventParser {
  #rest = '';

  *read(piece) {
    this.#rest += piece;
    for (let end; (end = this.#rest.indexOf('\n\n')) >= 0; this.#rest = this.#rest.slice(end + 2)) {
      const event = parse(this.#rest.slice(0, end));
      if (event) yield event;
    }
  }
}

function parse(block) {
  const event = { id: null, kind: null, data: '' };
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) event.id = line.slice(4);
    else if (line.startsWith('event: ')) event.kind = line.slice(7);
    else if (line.startsWith('data: ')) event.data += line.slice(6);
  }
  return event.kind ? { ...event, data: JSON.parse(event.data) } : null;
}

/**
 * Listens until it is stopped, and goes on after the last event that was heard when the connection breaks.
 * @param heard takes each event
 * @param connected takes 'live', 'lost', or 'refused' (the token is not taken; it has stopped then)
 */
export function listen(heard, connected) {
  const stop = new AbortController();
  let lastId = null;
  let pause = FIRST_PAUSE;

  async function once() {
    const response = await fetch('/api/v1/events', {
      headers: { ...api.headers(), ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
      signal: stop.signal,
    });
    if (response.status === 401 || response.status === 403) {
      stop.abort();
      connected('refused');
      return;
    }
    if (!response.ok) throw new Error(response.statusText);
    connected('live');
    pause = FIRST_PAUSE;
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part; !(part = await reader.read()).done; ) {
      for (const event of parser.read(part.value)) {
        lastId = event.id ?? lastId;
        try {
          heard(event);
        } catch (bug) {
          reportError(bug); // of the page: the connection is whole, and the next event counts
        }
      }
    }
  }

  (async () => {
    while (!stop.signal.aborted) {
      try {
        await once();
      } catch {
        // the connection broke; it is tried again below
      }
      if (stop.signal.aborted) return;
      connected('lost');
      await new Promise((resume) => setTimeout(resume, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  })();
  return () => stop.abort();
}
