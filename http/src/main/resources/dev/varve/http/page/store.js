// What the server has, as far as the page has heard of it. Elements read it and are told when it changes.

import { api, Refusal } from './api.js';
import { BegunJobs } from './begun-jobs.js';
import { listen } from './event-stream.js';
import { toLogLine } from './log-line.js';
import { sideLists } from './side-lists.js';

const MOST_LINES = 500;
const SESSIONS = 'varve.sessions';

const ONLY_SCRAPES = {
  title: 'This token may only read the metrics.', status: 0,
  detail: "It is for a program that scrapes them. The page needs a token with the scope 'read', 'operate' or 'admin'.",
};

const NO_LONGER_HOLDS = {
  title: 'You are signed out.', status: 0,
  detail: 'The token does not hold any more: it was withdrawn or has expired, or the server has another one now.',
};

class Store extends EventTarget {
  /** 'opening', 'signedOut', 'signedIn' */
  access = 'opening';
  /** 'opening', 'live' or 'lost' */
  connection = 'opening';
  refusal = null;

  machines = new Map();
  bad = [];
  warnings = [];
  media = new Map();
  jobs = new Map();
  begunJobs = new BegunJobs();
  sessions = new Map();
  exports = [];
  clients = [];
  lines = [];
  /** Machines that are looked at, whole: { machine, saved, images, problem } */
  details = new Map();
  notice = null;
  /** What the token may do: { holder, scope, machines }; null where the server does not say. */
  rights = null;

  #stop = null;
  #told = false;
  #late = new Map();
  #turn = 0;
  /** The turn of the last question about a thing that was answered. */
  #answered = new Map();
  /** For each reload that is under way, the events since it began. */
  #reloads = new Set();
  #own = new Map(JSON.parse(sessionStorage.getItem(SESSIONS) ?? '[]'));

  get machinesByName() {
    return [...this.machines.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The machines that are looked at, run, and have limits. */
  get limited() {
    return [...this.details.values()].map((each) => each.machine).filter((each) => each?.run && each.hardware.bandwidthGroups.length > 0).map((each) => each.id);
  }

  subscribe(listener) {
    this.addEventListener('change', listener);
    return () => this.removeEventListener('change', listener);
  }

  /** Tells the elements, once for all changes of this moment. */
  changed() {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.dispatchEvent(new Event('change'));
    });
  }

  /** Begins, or finds out that a token is needed. */
  async open() {
    this.refusal = null;
    if (!api.hasToken && (await api.needsToken())) this.access = 'signedOut';
    else await this.#enter();
    this.changed();
  }

  async #enter() {
    try {
      await api.open();
      await this.reload();
      this.access = 'signedIn';
      this.#stop = listen((event) => this.#heard(event), (state) => this.#connected(state));
    } catch (thrown) {
      const problem = Refusal.problemOf(thrown);
      const { status } = problem;
      this.access = 'signedOut';
      if (api.hasToken || status !== 401) this.refusal = status === 403 && (await api.mayScrape()) ? ONLY_SCRAPES : problem;
      if (status === 401 || this.refusal === ONLY_SCRAPES) api.useToken(null);
    }
  }

  async signIn(token) {
    api.useToken(token);
    await this.open();
  }

  signOut() {
    this.#stop?.();
    api.useToken(null);
    location.reload();
  }

  #connected(state) {
    if (state === 'refused') {
      api.useToken(null);
      this.access = 'signedOut';
      this.refusal = NO_LONGER_HOLDS;
    }
    this.connection = state === 'live' ? 'live' : 'lost';
    if (state === 'live') this.#later('all', () => this.reload()); // of what changed before the first event
    this.changed();
  }

  /** Reads all lists again. What is heard meanwhile may be newer than they are, and counts. */
  async reload() {
    const meanwhile = [];
    this.#reloads.add(meanwhile);
    try {
      await this.#readLists();
    } finally {
      this.#reloads.delete(meanwhile);
    }
    for (const event of meanwhile) this.#take(event);
    this.changed();
    for (const id of this.details.keys()) this.refresh(id);
    sideLists.readAgain();
  }

  async #readLists() {
    const [machines, media, jobs, sessions, exports, clients, rights] = await Promise.all([
      api.call('listMachines'), api.call('listMedia'), api.call('listJobs'),
      api.call('listSessions'), api.call('listExports'), api.call('listClients'),
      api.has('getAccess') ? api.call('getAccess') : null,
    ]);
    this.machines = byId(machines.machines);
    this.bad = machines.bad;
    this.warnings = machines.warnings;
    this.media = byId(media.media);
    this.jobs = byId(jobs.jobs);
    this.begunJobs.look(this.jobs);
    this.sessions = byId(sessions.sessions);
    this.exports = exports.exports;
    this.clients = clients.clients;
    this.rights = rights;
  }

  #heard(event) {
    const { kind, data } = event;
    if (kind === 'gap') this.#later('all', () => this.reload());
    const line = toLogLine(kind, data, this);
    if (line) this.lines = [line, ...this.lines].slice(0, MOST_LINES);
    for (const meanwhile of this.#reloads) meanwhile.push(event);
    this.#take(event);
    this.changed();
  }

  /** The thing of an event as it is now. */
  #take({ kind, data }) {
    if (kind === 'machine') this.#machineChanged(data);
    if (kind === 'medium') {
      keep(this.media, data, data.medium);
      this.#later('details', () => this.refreshAll());
    }
    if (kind === 'session') {
      keep(this.sessions, data, data.session);
      this.#refreshSoon(data.session.machine);
    }
    if (kind === 'job') {
      const goesOn = this.jobs.get(data.job.id)?.state === data.job.state; // no more than progress
      keep(this.jobs, data, data.job);
      this.begunJobs.look(this.jobs);
      if (!goesOn) this.#later('details', () => this.refreshAll());
    }
    if (kind === 'bandwidthGroup') this.#refreshSoon(data.bandwidthGroup.machine);
    if (kind === 'client' || kind === 'export') this.#later('served', () => this.refreshServed());
    if (kind === 'fault') this.#later('all', () => this.reload());
  }

  #machineChanged(data) {
    keep(this.machines, data, data.machine);
    if (data.change === 'removed') this.details.delete(data.machine.id);
    else this.#refreshSoon(data.machine.id);
    this.#later('served', () => this.refreshServed());
    this.#later('warnings', () =>
      this.#newest('warnings', () => api.call('listMachines'), ({ bad, warnings }) => Object.assign(this, { bad, warnings })));
  }

  #refreshSoon(machine) {
    if (this.details.has(machine)) this.#later(machine, () => this.refresh(machine));
  }

  /** Several events of one moment are one look. */
  #later(what, look) {
    if (this.#late.has(what)) return;
    this.#late.set(what, setTimeout(() => {
      this.#late.delete(what);
      look().catch(Refusal.problemOf); // the next event, or the next connection, brings it
    }, 60));
  }

  /** Asks, and takes the answer unless a later question about the same was answered before. */
  async #newest(what, ask, take) {
    const turn = ++this.#turn;
    const answer = await ask();
    if (turn < (this.#answered.get(what) ?? 0)) return;
    this.#answered.set(what, turn);
    take(answer);
    this.changed();
  }

  refreshServed() {
    return this.#newest('served', () => Promise.all([api.call('listExports'), api.call('listClients')]), ([{ exports }, { clients }]) =>
      Object.assign(this, { exports, clients }));
  }

  /** The images of machines that run grow, and no event tells of that. */
  async refreshGrowing() {
    await Promise.all([...this.details].filter(([, { machine }]) => machine?.run).map(([id]) => this.refresh(id)));
  }

  async refreshAll() {
    await Promise.all([...this.details.keys()].map((id) => this.refresh(id)));
  }

  /** Looks at a machine from now on. */
  watch(id) {
    if (this.details.has(id)) return;
    this.details.set(id, { machine: null, saved: null, images: null, problem: null });
    this.refresh(id);
  }

  unwatch(id) {
    this.details.delete(id);
  }

  refresh(id) {
    return this.#newest(id, () => readDetail(id), (detail) => {
      if (this.details.has(id)) this.details.set(id, { ...this.details.get(id), ...detail });
    });
  }

  /** The session of this page for a machine, in which its changes are made; undefined if there is none. */
  ownSession(machine) {
    const id = this.#own.get(machine);
    return id && this.sessions.has(id) ? id : undefined;
  }

  /** From now on changes of this page to the session's machine are made in it. */
  useSession(session) {
    this.sessions.set(session.id, session);
    this.#own.set(session.machine, session.id);
    sessionStorage.setItem(SESSIONS, JSON.stringify([...this.#own]));
  }

  /** Says in one line that something was done. */
  say(text) {
    this.notice = { text };
    this.changed();
  }
}

async function readDetail(id) {
  try {
    const [machine, { images }] = await Promise.all([
      api.call('getMachine', { machine: id, copy: 'working' }), api.call('listMachineImages', { machine: id })]);
    const saved = machine.modified ? await api.call('getMachine', { machine: id, copy: 'saved' }) : null;
    return { machine, saved, images, problem: null };
  } catch (thrown) {
    return { problem: Refusal.problemOf(thrown) };
  }
}

const byId = (list) => new Map(list.map((each) => [each.id, each]));

function keep(map, { change }, thing) {
  if (change === 'removed') map.delete(thing.id);
  else map.set(thing.id, thing);
}

export const store = new Store();
