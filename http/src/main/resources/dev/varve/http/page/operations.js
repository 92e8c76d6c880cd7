// What can be done with each kind of thing. An operation of the API that comes later needs one entry here: its form is
// made from the document, and an entry whose operation the server does not have is left out.
//
//   on        the kind of thing
//   id        the operation
//   label     what the button says; short: where there is little room
//   when      whether it makes sense now; left out: always
//   destroys  what is lost or interrupted, in words; the page asks before, and shows the server's preview if there is one
//   primary   it is a button of its own, not an entry of the menu
//   hints     controls and first values of fields, by name, from the context; null leaves a field out
//   quick     it is carried out with the values that it has, without a form
//   done      what is said afterwards
//   changes   what of the context it changes, whose values the form begins with
//   opensMachine   the answer is a machine, which is shown then
//   opensSession   the answer is a session, in which this page makes its changes from now on
//   closesSession  the session is over then
//   result    how an answer is shown that is worth a look
//   values    parameters and members that it always has

import { api } from './api.js';
import { bytes, exportName, fileName, folderOf, slot } from './format.js';
import { store } from './store.js';

const stopped = ({ machine }) => machine.state === 'PoweredOff' || machine.state === 'Saved';
const running = ({ machine }) => !stopped({ machine });
const held = ({ machine }) => machine.lock !== null;
const isTop = ({ medium }) => medium.children.length === 0;
const isDrive = ({ attachment }) => attachment.type !== 'HardDisk';

const ENTRIES = [
  { on: 'server', id: 'createMachine', label: 'New machine', short: 'New', done: 'The machine is made.', primary: true, opensMachine: true },
  { on: 'server', id: 'importMachine', label: 'Import package', done: 'The import has begun.' },
  { on: 'server', id: 'openMachine', label: 'Open settings file', done: 'The machine is registered.', opensMachine: true },

  { on: 'media', id: 'createMedium', label: 'New disk', done: 'The disk is made.', primary: true },
  { on: 'media', id: 'openMedium', label: 'Open image', done: 'The image is registered.', primary: true },

  { on: 'machine', id: 'startMachine', label: 'Start', when: stopped, primary: true, done: 'It runs.', result: 'warnings', quick: true },
  { on: 'machine', id: 'startMachine', label: 'Start with options', when: stopped, done: 'It runs.', result: 'warnings',
    hints: ({ machine }) => ({ without: { choices: (machine.hardware?.attachments ?? []).map(({ controller, port, device }) => [{ controller, port, device }, slot({ controller, port, device })]) } }) },
  { on: 'machine', id: 'powerDownMachine', label: 'Power down', when: running, primary: true, done: 'It is powered off.',
    destroys: 'Its disks are flushed and closed, and clients that use them are disconnected. Nothing that was flushed is lost; a guest that runs loses what it has not written.' },
  { on: 'machine', id: 'takeSnapshot', label: 'Take snapshot', primary: true, done: 'The snapshot is taken.' },
  { on: 'machine', id: 'lockMachine', label: 'Collect changes', when: (context) => stopped(context) && !held(context), values: { type: 'Write', leaseSeconds: 3600 }, opensSession: true, quick: true,
    done: 'Changes wait until you save them.' },
  { on: 'machine', id: 'addController', label: 'Add controller', when: stopped, done: 'The controller is there.' },
  { on: 'machine', id: 'attach', label: 'Attach disk or drive', done: 'It is attached.', hints: forSlots },
  { on: 'machine', id: 'createBandwidthGroup', label: 'New limit', when: stopped, done: 'The limit is there.', hints: () => ({ kind: { value: 'Disk' } }) },
  { on: 'machine', id: 'exportMachine', label: 'Export as OVA', done: 'The export has begun.', hints: forExport },
  { on: 'machine', id: 'reloadMachine', label: 'Read settings again', done: 'The settings are read.' },
  { on: 'machine', id: 'discardSavedState', label: 'Discard saved memory', when: ({ machine }) => machine.state === 'Saved', done: 'The memory is discarded.',
    destroys: 'The memory that VirtualBox has saved is deleted. The machine is then as after a power failure.' },
  { on: 'machine', id: 'unregisterMachine', label: 'Unregister', when: stopped, done: 'The machine is not registered any more.', hints: forUnregistering,
    destroys: 'The machine leaves the list. Its settings file and its images stay.' },

  { on: 'badMachine', id: 'reloadMachine', label: 'Try again', primary: true, done: 'The settings are read.' },
  { on: 'badMachine', id: 'unregisterMachine', label: 'Unregister', primary: true, done: 'The machine is not registered any more.', hints: () => ({ mode: null }),
    destroys: 'The machine leaves the list. Its settings file and its images stay.' },

  { on: 'controller', id: 'changeController', label: 'Change', changes: 'controller', when: stopped, done: 'The controller is changed.' },
  { on: 'controller', id: 'removeController', label: 'Remove', when: stopped, done: 'The controller is removed.',
    destroys: 'All devices on it are detached. Differencing images that were made by attaching are left behind.' },

  { on: 'attachment', id: 'changeAttachment', label: 'Change flags and limit', changes: 'attachment', done: 'The attachment is changed.', hints: forFlags },
  { on: 'attachment', id: 'mount', label: 'Insert medium', when: isDrive, primary: true, done: 'The medium is in the drive.', hints: forMedium },
  { on: 'attachment', id: 'unmount', label: 'Eject', when: (context) => isDrive(context) && context.attachment.medium !== null, done: 'The drive is empty.' },
  { on: 'attachment', id: 'detach', label: 'Detach', done: 'It is detached.',
    destroys: 'The slot becomes empty. The image stays; if only this slot used it, nothing uses it any more.' },

  { on: 'bandwidthGroup', id: 'changeBandwidthGroup', label: 'Change limits', changes: 'bandwidthGroup', done: 'The limits hold.' },
  { on: 'bandwidthGroup', id: 'deleteBandwidthGroup', label: 'Delete', when: stopped, done: 'The limit is deleted.',
    destroys: 'The limit is deleted. Only one that no attachment names can be deleted.' },

  { on: 'snapshot', id: 'restoreSnapshot', label: 'Restore', done: 'The machine is as it was then.',
    destroys: 'The machine goes back to this snapshot. What was written since then, and is in no other snapshot, is lost.' },
  { on: 'snapshot', id: 'deleteSnapshot', label: 'Delete', done: 'The deletion has begun.',
    destroys: 'The state of this moment cannot be restored any more. Its images are merged into their neighbours; the current state keeps all its data.' },
  { on: 'snapshot', id: 'exportMachine', label: 'Export as OVA', done: 'The export has begun.', hints: forExport },

  { on: 'medium', id: 'cloneMedium', label: 'Clone', done: 'The copy has begun.', hints: forCopy },
  { on: 'medium', id: 'resizeMedium', label: 'Make larger', when: (context) => context.medium.device === 'HardDisk' && isTop(context), done: 'The disk is larger.',
    hints: ({ medium }) => ({ capacity: { value: medium.capacity } }) },
  { on: 'medium', id: 'createChild', label: 'New differencing image', when: ({ medium }) => medium.device === 'HardDisk', done: 'The image is made.', hints: forCopy },
  { on: 'medium', id: 'mergeMedium', label: 'Merge', when: hasRelatives, done: 'The merge has begun.', hints: forMerge,
    destroys: 'The images between this one and the target become one file; the merged images disappear.' },
  { on: 'medium', id: 'rebaseMedium', label: 'Rebase', when: ({ medium }) => medium.parent !== null, done: 'The rebase has begun.', hints: forMedium,
    destroys: 'The image gets another parent; it keeps showing the same contents.' },
  { on: 'medium', id: 'changeMedium', label: 'Change type', changes: 'medium', done: 'The image is changed.' },
  { on: 'medium', id: 'checkMedium', label: 'Check for damage', result: 'report' },
  { on: 'medium', id: 'refreshMedium', label: 'Inspect file again', done: 'The file is inspected.' },
  { on: 'medium', id: 'resetMedium', label: 'Empty', when: ({ medium }) => medium.parent !== null, done: 'The image is empty.',
    destroys: 'All that was written to this image is lost: it then shows what its parent shows.' },
  { on: 'medium', id: 'removeMedium', label: 'Unregister', when: isTop, values: { deleteStorage: false }, done: 'The image is not registered any more.', result: 'warnings',
    destroys: 'The image leaves the list. Its file stays.' },
  { on: 'medium', id: 'removeMedium', label: 'Delete', when: (context) => isTop(context) && !context.medium.location.startsWith('/dev/'), values: { deleteStorage: true },
    done: 'The image is deleted.', result: 'warnings', destroys: 'The file of the image is deleted, and its contents are lost.' },

  { on: 'client', id: 'disconnectClient', label: 'Disconnect', primary: true, done: 'The client is disconnected.',
    destroys: 'What it has in flight is answered, then its connection ends. It may connect again.' },
  { on: 'job', id: 'cancelJob', label: 'Cancel', primary: true, when: ({ job }) => job.state === 'Running', done: 'The job is being cancelled.',
    destroys: 'The job ends, and everything is as it was before it.' },

  { on: 'tokens', id: 'createToken', label: 'New token', primary: true, result: 'token', hints: forToken },
  { on: 'token', id: 'revokeToken', label: 'Withdraw', primary: true, done: 'The token does not hold any more.',
    destroys: 'Programs and people that use this token are refused from now on, also on connections that are open.' },

  { on: 'drive', id: 'openMedium', label: 'Register', primary: true, quick: true, done: 'The drive can be attached or inserted like an image.' },

  { on: 'session', id: 'saveSession', label: 'Save', primary: true, quick: true, done: 'The changes are saved.' },
  { on: 'session', id: 'discardSession', label: 'Discard changes', primary: true, done: 'The changes are discarded.',
    destroys: 'All changes of this list are discarded.' },
  { on: 'session', id: 'unlockMachine', label: 'End session', primary: true, done: 'The session has ended.', closesSession: true,
    destroys: 'Changes that are not saved are discarded, and other programs may change the machine again.' },
];

/** The entries for a kind of thing that make sense now. */
export function entriesFor(kind, context) {
  return ENTRIES.filter((entry) => entry.on === kind && api.has(entry.id) && (entry.when?.(context) ?? true));
}

/** The entry that carries out an operation, for a button of its own. */
export function entryOf(id) {
  return ENTRIES.find((entry) => entry.id === id) ?? { id };
}

const SCOPES = ['metrics', 'read', 'operate', 'admin'];

/** Why the token may not do it; null if it may, or if that is not known. */
export function whyNot(entry, context) {
  const needed = api.document.operation(entry.id)?.scope;
  const { rights } = store;
  if (!needed || !rights) return null;
  if (SCOPES.indexOf(rights.scope) < SCOPES.indexOf(needed))
    return `This needs a token of the scope '${needed}'; yours has '${rights.scope}'.`;
  if (rights.scope !== 'operate' || needed !== 'operate') return null;
  const machines = machinesOf(context);
  if (!machines) return null;
  if (machines.length === 0) return 'Your token is for certain machines, and none of them uses this.';
  const own = rights.machines.map((each) => each.machine);
  return machines.every((each) => own.includes(each)) ? null : `Your token is for ${listOf(rights.machines.map((each) => each.name))} only.`;
}

const listOf = (names) => (names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`);

/** The machines that something belongs to: of a medium all that use it or an image on it. Undefined if that is not known. */
function machinesOf({ machine, session, client, job, medium }) {
  if (machine) return [machine.id];
  if (session) return [session.machine];
  if (client) return store.exports.filter((each) => exportName(each) === client.export).map((each) => each.machine);
  if (medium) return [...usersOf(medium)];
  return job ? undefined : [];
}

function usersOf(medium, users = new Set()) {
  for (const { machine } of medium.uses) users.add(machine);
  for (const child of medium.children) if (store.media.has(child)) usersOf(store.media.get(child), users);
  return users;
}

/** The parameters of an operation that follow from what it is about. */
export function parametersFrom(context) {
  const { machine, controller, attachment, bandwidthGroup, snapshot, medium, client, job, session, token, drive } = context;
  const values = {};
  if (machine) values.machine = machine.id ?? machine.settingsFile;
  if (controller) values.controller = controller.name;
  if (attachment) Object.assign(values, { controller: attachment.controller, port: attachment.port, device: attachment.device });
  if (bandwidthGroup) values.group = bandwidthGroup.name;
  if (snapshot) values.snapshot = snapshot.id;
  if (medium) values.medium = medium.id;
  if (client) values.client = client.client;
  if (job) values.job = job.id;
  if (session) values.session = session.id;
  if (token) values.token = token.id;
  if (drive) Object.assign(values, { location: drive.location, device: drive.device });
  return values;
}

/** The ways out of a problem, { entry, context }: requests that lack nothing. */
export function waysOut({ actions = [] }) {
  return actions.map(({ operation, parameters, body, label }) => ({
    entry: { ...entryOf(operation), label, quick: true, values: { ...parameters, ...body } },
    context: contextOf(parameters),
  }));
}

/** The things that parameters name. */
function contextOf({ machine, session, medium }) {
  return { machine: store.machines.get(machine), session: store.sessions.get(session), medium: store.media.get(medium) };
}

function forSlots({ machine }) {
  const hardware = machine.hardware;
  const free = freeSlot(hardware);
  return {
    controller: { options: hardware.controllers.map((each) => each.name), value: free?.controller, sets: (name) => freeSlot(hardware, name) },
    port: { value: free?.port ?? 0 },
    device: { value: free?.device ?? 0 },
    type: { value: 'HardDisk' },
    ...forMedium({}),
    ...forGroups({ machine }),
    ...Object.fromEntries(Object.entries(FLAGS).map(([flag, type]) => [flag, { onlyWith: ['type', type] }])),
  };
}

/** The first free slot, of a certain controller if one is named; null if there is none. */
function freeSlot({ controllers, attachments }, of) {
  const taken = new Set(attachments.map(slot));
  for (const { name, portCount, devicesPerPort } of controllers.filter((each) => !of || each.name === of))
    for (let port = 0; port < portCount; port++)
      for (let device = 0; device < devicesPerPort; device++) {
        const free = { controller: name, port, device };
        if (!taken.has(slot(free))) return free;
      }
  return null;
}

/** Flags, and the devices that have them. */
const FLAGS = { passthrough: 'DVD', temporaryEject: 'DVD', nonRotational: 'HardDisk', discard: 'HardDisk' };

function forFlags({ machine, attachment }) {
  const others = Object.entries(FLAGS).filter(([, type]) => type !== attachment.type);
  return { ...forGroups({ machine }), ...Object.fromEntries(others.map(([flag]) => [flag, null])) };
}

function forMedium({ attachment }) {
  const options = [...store.media.values()].filter((each) => !attachment || each.device === attachment.type).map((each) => each.location).sort();
  return { medium: { options, open: true, help: 'The file of a registered image; for a drive also nothing.' }, parent: { options, open: true } };
}

function forGroups({ machine }) {
  return { bandwidthGroup: { options: machine.hardware.bandwidthGroups.map((each) => each.name), help: 'The limit that it shares with others.' } };
}

function forExport({ machine, snapshot }) {
  return { file: { value: `${folderOf(machine.settingsFile)}/${machine.name}.ova` }, snapshot: { value: snapshot?.id, none: 'Current state', help: '', options: (machine.snapshots ?? []).map((each) => [each.id, each.name]) } };
}

/** The other modes differ in what the answer lists, which the page does not show. */
function forUnregistering() {
  return { mode: { label: 'Its media', help: '', options: [['UnregisterOnly', 'Unregister them too'], ['DetachAllReturnNone', 'Keep them registered']] } };
}

function forCopy({ medium }) {
  return { location: { value: medium.location.replace(/(\.[a-z0-9]+)?$/i, '-copy$1') } };
}

function hasRelatives({ medium }) {
  return medium.parent !== null || medium.children.length > 0;
}

/** The images above and below, which are those that a merge can go to. */
function forMerge({ medium }) {
  const options = [];
  for (let at = store.media.get(medium.parent); at; at = store.media.get(at.parent)) options.push(at);
  for (let at = medium; at?.children.length === 1; ) options.push((at = store.media.get(at.children[0])));
  return { target: { options: options.filter(Boolean).map((each) => [each.id, `${fileName(each.location)} (${bytes(each.capacity)})`]) } };
}

const LIFETIMES = [[3600, '1 hour'], [86_400, '1 day'], [7 * 86_400, '1 week'], [30 * 86_400, '30 days'], [365 * 86_400, '1 year']];

function forToken() {
  return {
    name: { help: 'For the list: the person or the program that gets it.' },
    scope: { value: 'read' },
    machines: { label: 'Machines that it operates', choices: store.machinesByName.map((each) => [each.id, each.name]), onlyWith: ['scope', 'operate'], help: 'It may look at all machines, and change these.' },
    expiresInSeconds: { options: LIFETIMES, label: 'Expires after', none: 'never', help: 'It can be withdrawn at any time.' },
  };
}
