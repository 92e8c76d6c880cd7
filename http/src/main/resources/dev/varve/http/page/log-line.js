// Events as lines of a log.

import { fileName, words } from './format.js';

/** What an event says, for people; null if it says nothing new. */
export function toLogLine(kind, data, store) {
  const text = TEXTS[kind]?.(data, store);
  if (!text) return null;
  const level = kind === 'fault' || (kind === 'job' && data.job.state === 'Failed') ? data.level ?? 'error' : 'info';
  return { at: data.time ? new Date(data.time) : new Date(), kind, text, level };
}

const TEXTS = {
  machine: ({ change, machine }, store) => {
    if (change !== 'changed') return `${machine.name}: ${change}`;
    const before = store.machines.get(machine.id);
    if (before?.state !== machine.state) return `${machine.name}: ${words(machine.state).toLowerCase()}`;
    if (before?.modified !== machine.modified)
      return `${machine.name}: ${machine.modified ? 'has changes that are not saved' : 'saved'}`;
    return `${machine.name}: changed`;
  },
  medium: ({ change, medium }, store) => {
    const before = store.media.get(medium.id);
    if (change === 'changed' && before && before.state !== medium.state)
      return `${fileName(medium.location)}: ${words(medium.state).toLowerCase()}`;
    return `${fileName(medium.location)}: ${change}`;
  },
  session: ({ change, session }, store) => {
    const machine = store.machines.get(session.machine)?.name ?? session.machine;
    return change === 'changed' ? null : `${machine}: ${change === 'added' ? 'held by' : 'released by'} ${session.holder}`;
  },
  bandwidthGroup: ({ change, bandwidthGroup: group }, store) =>
    `${store.machines.get(group.machine)?.name ?? group.machine}: limit '${group.name}' ${change}`,
  job: ({ change, job }, store) => {
    const before = store.jobs.get(job.id);
    if (change === 'removed' || before?.state === job.state) return null;
    return `${job.description}: ${job.state === 'Failed' ? `failed: ${job.problem?.detail}` : job.state.toLowerCase()}`;
  },
  client: ({ change, client }) => `client ${client.peer} ${change === 'connected' ? 'connected to' : 'left'} ${client.export}`,
  export: ({ change, export: disk }) => `disk ${disk.name} ${change === 'published' ? 'is served' : 'is not served any more'}`,
  fault: ({ message, source }) => (source ? `${source}: ${message}` : message),
  gap: () => 'some events were missed; everything was read again',
};
