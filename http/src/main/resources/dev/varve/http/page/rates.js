// How much disks do, and what passes through limits: the server counts, this subtracts. One poll for all graphs, while
// the page can be seen.

import { api, Refusal } from './api.js';
import { store } from './store.js';

const EVERY_MILLIS = 1000;
/** Three minutes. */
const KEPT = 180;
/** So many polls from one look at the sizes of images to the next. */
const SIZES_EVERY = 10;

class Rates extends EventTarget {
  #before = null;
  #histories = new Map();
  /** Of each machine that is looked at: what has passed through each limit, by its name, and when that was asked. */
  #traffic = new Map();
  #limitHistories = new Map();
  #timer = null;
  #polls = 0;

  constructor() {
    super();
    document.addEventListener('visibilitychange', () => this.#wake());
    store.subscribe(() => this.#wake());
  }

  subscribe(listener) {
    this.addEventListener('sample', listener);
    return () => this.removeEventListener('sample', listener);
  }

  /** The samples of a disk by the name of its export, oldest first. */
  history(disk) {
    return this.#histories.get(disk) ?? [];
  }

  last(disk) {
    return this.history(disk).at(-1);
  }

  /** The samples of a limit of a machine, oldest first. */
  limitHistory(machine, group) {
    return this.#limitHistories.get(limitKey(machine, group)) ?? [];
  }

  /** What passes through a limit now, and what waits; undefined if that is not known. */
  traffic(machine, group) {
    return this.#traffic.get(machine)?.get(group);
  }

  /** What disks read and write together. */
  bytesPerSecond(disks) {
    return disks.map((disk) => this.last(disk)).reduce((sum, last) => sum + (last ? last.readBytes + last.writtenBytes : 0), 0);
  }

  #wake() {
    const wanted = store.access === 'signedIn' && !document.hidden;
    if (wanted && this.#timer === null) this.#poll();
  }

  async #poll() {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#wake();
    }, EVERY_MILLIS);
    try {
      const [{ disks }] = await Promise.all([api.call('listDisks'), ...store.limited.map((machine) => this.#lookAtLimits(machine))]);
      this.#take(disks, performance.now());
      if (++this.#polls % SIZES_EVERY === 0) await store.refreshGrowing();
    } catch (thrown) {
      this.#before = null; // what happened meanwhile has no rate
      Refusal.problemOf(thrown);
    }
  }

  async #lookAtLimits(machine) {
    try {
      const { bandwidthGroups } = await api.call('listBandwidthGroups', { machine });
      const time = Date.now() / 1000;
      this.#takeTraffic(machine, new Map(bandwidthGroups.filter(({ traffic }) => traffic).map(({ name, traffic }) => [name, { ...traffic, time }])));
    } catch (thrown) {
      this.#traffic.delete(machine); // it is gone, or the connection broke; the store tells
      Refusal.problemOf(thrown);
    }
  }

  #takeTraffic(machine, now) {
    const before = this.#traffic.get(machine);
    this.#traffic.set(machine, now);
    for (const [group, traffic] of now) if (before?.has(group)) this.#keepTraffic(limitKey(machine, group), before.get(group), traffic);
  }

  #keepTraffic(key, before, { time, bytesPerSecond, throttledMilliseconds }) {
    const held = (throttledMilliseconds - before.throttledMilliseconds) / 1000 / (time - before.time);
    const sample = { time, bytes: bytesPerSecond, held: Math.min(1, Math.max(0, held)) }; // a new run counts from nothing
    this.#limitHistories.set(key, [...this.#limitHistories.get(key)?.slice(1 - KEPT) ?? [], sample]);
    for (const [other, history] of this.#limitHistories) if (history.at(-1).time < time - KEPT) this.#limitHistories.delete(other);
  }

  #take(disks, at) {
    const now = { at, disks: new Map(disks.map((disk) => [disk.export, disk])) };
    const before = this.#before;
    this.#before = now;
    for (const name of this.#histories.keys()) if (!now.disks.has(name)) this.#histories.delete(name);
    if (before) {
      const seconds = (at - before.at) / 1000;
      for (const [name, disk] of now.disks) {
        const earlier = before.disks.get(name);
        if (!earlier) continue;
        const history = this.#histories.get(name) ?? [];
        this.#histories.set(name, [...history.slice(1 - KEPT), sample(earlier, disk, seconds)]);
      }
    }
    this.dispatchEvent(new Event('sample'));
  }
}

const limitKey = (machine, group) => `${machine}/${group}`;

const NONE = { answered: 0, bytes: 0, durations: [] };

function sample(before, now, seconds) {
  const rate = (name, member) =>
    Math.max(0, ((now.operations[name] ?? NONE)[member] - (before.operations[name] ?? NONE)[member]) / seconds);
  const latencies = newDurations(before, now, ['read', 'write']);
  return {
    time: Date.now() / 1000,
    reads: rate('read', 'answered'),
    writes: rate('write', 'answered'),
    others: Object.keys(now.operations).filter((name) => name !== 'read' && name !== 'write').reduce((sum, name) => sum + rate(name, 'answered'), 0),
    readBytes: rate('read', 'bytes'),
    writtenBytes: rate('write', 'bytes'),
    median: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    throttled: Math.min(1, Math.max(0, (now.throttledNanos - before.throttledNanos) / 1e9 / seconds)),
  };
}

/** Buckets of the requests between two looks: [upToNanos, count], shortest first. */
function newDurations(before, now, names) {
  const buckets = new Map();
  for (const name of names) {
    for (const { upToNanos, count } of (now.operations[name] ?? NONE).durations)
      buckets.set(upToNanos, (buckets.get(upToNanos) ?? 0) + count);
    for (const { upToNanos, count } of (before.operations[name] ?? NONE).durations)
      buckets.set(upToNanos, (buckets.get(upToNanos) ?? 0) - count);
  }
  return [...buckets].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
}

/** In nanoseconds; null where nothing was measured. */
function percentile(buckets, part) {
  const all = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return null;
  let seen = 0;
  for (const [upToNanos, count] of buckets) {
    seen += count;
    if (seen >= part * all) return Math.min(upToNanos, 1e10);
  }
  return null;
}

export const rates = new Rates();
