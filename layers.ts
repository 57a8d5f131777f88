/**
 * Who may import whom, once. `oxlint.config.ts` makes one override per row from it, for the editor;
 * `test/architecture/layers.test.ts` walks the whole import graph against it, types and dynamic imports included.
 *
 * A row's `path` is a folder or one file; the longest that fits a file is the file's layer. A folder may always import
 * itself and npm packages. `imports` names what else: a folder stands for everything in it, but of a folder that has a
 * `face` only those files are visible from outside.
 */
export interface Layer {
  readonly path: string;
  readonly imports: readonly string[];
  /** Why the row is as it is; printed when it is broken. */
  readonly reason: string;
  /** The only files of this folder, by name inside it, that other layers may import. */
  readonly face?: readonly string[];
  /** May import Node's own modules. */
  readonly node?: true;
  /** May import `electron`. */
  readonly electron?: true;
}

const base = 'src/shared/base';
const transports = 'src/shared/transports';
const contract = 'src/shared/contract';
const shared = 'src/shared';
const host = 'src/engine/host';
const identity = 'src/engine/identity';
const framing = 'src/engine/framing';
const transport = 'src/engine/transport';
const codec = 'src/engine/codec';
const link = 'src/engine/link';

const pure = 'all processes agree on it, the renderer included: no Node, no DOM, no timers';
const sibling = 'siblings meet at the event bus, never by import';

/** Read downwards, wire to screen. Decision 0002. */
export const layers: readonly Layer[] = [
  { path: base, imports: [], reason: 'the ground under everything' },
  { path: transports, imports: [base], reason: `what is known of each transport, as data alone; ${pure}` },
  { path: contract, imports: [base, transports], reason: pure },
  {
    path: 'src/shared/contract/app/port-api.ts',
    imports: [base, contract, 'src/shared/run-view'],
    reason: 'the words of the port include the projection that it carries',
  },
  { path: 'src/shared/tensor', imports: [base], reason: pure },
  { path: 'src/shared/dissect', imports: [base, contract], reason: pure },
  { path: 'src/shared/decode', imports: [base, contract, 'src/shared/tensor'], reason: pure },
  { path: 'src/shared/filter', imports: [base, contract, 'src/shared/dissect'], reason: pure },
  { path: 'src/shared/port', imports: [base, contract], reason: pure },
  {
    path: 'src/shared/run-view',
    imports: [base, contract],
    reason: 'a pure projection of events into what views show',
  },

  { path: host, imports: [shared], node: true, reason: 'all that is not deterministic stands on its own' },
  { path: identity, imports: [shared], node: true, reason: 'keys and invitations do not know who carries them' },
  {
    path: framing,
    imports: [shared],
    node: true,
    reason: 'splits bytes into frames, knows neither socket nor meaning',
  },
  {
    path: transport,
    imports: [shared, identity, framing],
    node: true,
    face: ['transport.ts', 'registry.ts', 'addresses.ts', 'waiting-room.ts', 'broker-users.ts', 'broker-rules.ts'],
    reason:
      'a transport moves frames: it does not know what a round is; above it only interface, registry, how addresses are written, who waits to be let in and what a broker elsewhere is told are seen',
  },
  {
    path: 'src/engine/transport/dds/worker/worker.ts',
    imports: [shared, host, transport],
    node: true,
    reason: 'a worker entry composes: it brings the system clock to its layer',
  },
  { path: codec, imports: [shared, framing], node: true, reason: 'meaning of a frame, whichever transport carried it' },
  {
    path: link,
    imports: [shared, identity, framing, transport, codec],
    node: true,
    reason: 'one two-way connection; no word of federated learning',
  },
  {
    path: 'src/engine/selection',
    imports: [shared],
    reason: 'choosing a protocol is arithmetic on what was observed: no socket, no file, no clock of its own',
  },
  {
    path: 'src/engine/round',
    imports: [shared, link],
    node: true,
    reason: 'rounds know links, not bytes nor trainers',
  },
  {
    path: 'src/engine/durability',
    imports: [shared, codec],
    node: true,
    reason: 'files that survive a killed process; what is kept in them is told by the processes',
  },
  {
    path: 'src/engine/trainer',
    imports: [shared],
    node: true,
    reason: `training does not know the network; ${sibling}`,
  },
  {
    path: 'src/engine/trainer/worker/worker.ts',
    imports: [shared, host, 'src/engine/trainer'],
    node: true,
    reason: 'a worker entry composes: it brings the system clock to its layer',
  },
  {
    path: 'src/engine/recorder',
    imports: [shared],
    node: true,
    reason: `storage; what meaning it needs is the one projection; ${sibling}`,
  },
  {
    path: 'src/engine/recorder/writing/worker.ts',
    imports: [shared, host, 'src/engine/recorder'],
    node: true,
    reason: 'a worker entry composes: it brings the system clock to its layer',
  },
  {
    path: 'src/engine/relay',
    imports: [shared, 'src/engine/identity'],
    node: true,
    reason: 'a network in between knows bytes, addresses and invitations; what they carry is none of its business',
  },
  { path: 'src/engine/diagnosis', imports: [shared], node: true, reason: `meaning without storage; ${sibling}` },

  { path: 'src/demo', imports: [shared], node: true, reason: 'is told how to launch, so it needs no process above it' },
  {
    path: 'src/service',
    imports: [shared, 'src/engine', 'src/demo'],
    node: true,
    reason: 'the process between port and engine; the children it supervises are started, not imported',
  },
  { path: 'src/participant', imports: [shared, 'src/engine'], node: true, reason: 'a process: it builds and wires' },
  { path: 'src/look', imports: [shared, 'src/engine'], node: true, reason: 'a process: it builds and wires' },
  { path: 'src/relay', imports: [shared, 'src/engine'], node: true, reason: 'a process: it builds and wires' },
  { path: 'src/coordinator', imports: [shared, 'src/engine'], node: true, reason: 'a process: it builds and wires' },
  {
    path: 'src/headless',
    imports: [shared, 'src/engine', 'src/service', 'src/participant', 'src/coordinator', 'src/demo'],
    node: true,
    reason: 'command line and browser host: everything but Electron and the window',
  },
  {
    path: 'src/main',
    imports: [shared, host],
    node: true,
    electron: true,
    reason: 'supervises processes and windows; the data path goes past it',
  },
  { path: 'src/preload', imports: [contract], electron: true, reason: 'one file that hands the port over' },

  { path: 'src/renderer/frames', imports: [shared], reason: 'when this window paints; no data' },
  {
    path: 'src/renderer/session',
    imports: [shared, 'src/renderer/frames'],
    reason: 'the only part of the window that knows the port',
  },
  { path: 'src/renderer/theme', imports: [contract, transports], reason: 'tokens; no data' },
  {
    path: 'src/renderer/components',
    imports: [shared, 'src/renderer/frames', 'src/renderer/theme'],
    reason: 'data by props only',
  },
  ...viewLayers(
    'home',
    'join',
    'coordinate',
    'leaves',
    'rounds',
    'packets',
    'metrics',
    'participants',
    'diagnosis',
    'demo',
    'settings',
  ),
  {
    path: 'src/renderer',
    imports: [shared, 'src/renderer'],
    reason: 'the shell puts the views together; nothing below the port',
  },

  { path: 'test', imports: ['src', 'bench', ''], node: true, electron: true, reason: 'tests see everything' },
  { path: 'bench', imports: ['src', 'test', ''], node: true, reason: 'benchmarks see everything' },
];

function viewLayers(...names: readonly string[]): Layer[] {
  return names.map((name) => ({
    path: `src/renderer/views/${name}`,
    imports: [shared, 'src/renderer/frames', 'src/renderer/session', 'src/renderer/components', 'src/renderer/theme'],
    reason: 'no view imports another: each can be changed or left out alone',
  }));
}

/** Whether `file` lies in `path`, a folder or the file itself; the empty path is the root and holds everything. */
export function isIn(file: string, path: string): boolean {
  return path === '' || file === path || file.startsWith(`${path}/`);
}

/** The layer of a file given from the root, such as `src/engine/link/link.ts`; the longest path wins. */
export function layerOf(file: string): Layer | undefined {
  let best: Layer | undefined;
  for (const layer of layers) {
    if (isIn(file, layer.path) && layer.path.length > (best?.path.length ?? -1)) best = layer;
  }
  return best;
}

/** Tests stand beside what they test and may import anything. */
export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || isIn(file, 'test') || isIn(file, 'bench');
}

/** Why `from` may not import the project's own file `to`; `undefined` when it may. */
export function importFault(from: string, to: string): string | undefined {
  if (isTest(from)) return undefined;
  if (isTest(to)) return 'tests are imported by tests alone';
  const layer = layerOf(from);
  if (!layer) return 'stands in no row of layers.ts';
  const target = layerOf(to);
  if (target === layer) return undefined;
  if (!target) return `${to} stands in no row of layers.ts`;
  if (!layer.imports.some((path) => isIn(to, path))) {
    return `${layer.path} may import ${layer.imports.join(', ') || 'nothing'}: ${layer.reason}`;
  }
  if (target.face && !target.face.includes(to.slice(target.path.length + 1)) && !isIn(from, target.path)) {
    return `of ${target.path} only ${target.face.join(' and ')} are visible: ${target.reason}`;
  }
  return undefined;
}

/** Why a file may not import a package or a module of Node's; `undefined` when it may. */
export function packageFault(from: string, specifier: string): string | undefined {
  if (isTest(from)) return undefined;
  const layer = layerOf(from);
  if (!layer) return 'stands in no row of layers.ts';
  if (specifier === 'electron' || specifier.startsWith('electron/')) {
    return layer.electron ? undefined : `electron belongs to main and preload alone: ${layer.reason}`;
  }
  if (specifier.startsWith('node:')) return layer.node ? undefined : `no module of Node's here: ${layer.reason}`;
  return undefined;
}
