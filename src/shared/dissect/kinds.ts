import { messageKinds, type MessageKind } from '../contract/messages.ts';

/** Frames of the link itself; a test compares them with those that the link has. */
export const linkKinds = [
  'hello',
  'challenge',
  'proof',
  'hello_ack',
  'message',
  'chunk',
  'ack',
  'heartbeat',
  'withdraw',
  'goodbye',
] as const;
export type LinkKind = (typeof linkKinds)[number];

/** What is no frame: a connection that opened or closed. */
export const connectionKinds = ['connection_open', 'connection_close'] as const;

/** Bytes that are no frame of ours. */
export const malformedKind = 'malformed';

/** Every kind that a packet of this version can have; a newer peer may send others, which are recorded as it names them. */
export const packetKinds: readonly string[] = [
  ...new Set<string>([...messageKinds, ...linkKinds, ...connectionKinds, malformedKind]),
];

export const layers = ['message', 'link', 'connection', 'malformed'] as const;

const layerOfKind: ReadonlyMap<string, (typeof layers)[number]> = new Map([
  ...linkKinds.map((kind) => [kind, 'link'] as const),
  // A heartbeat and a goodbye are messages of old and frames of the link now: the link's is what is sent.
  ...messageKinds
    .filter((kind) => !(linkKinds as readonly string[]).includes(kind))
    .map((kind) => [kind, 'message'] as const),
  ...connectionKinds.map((kind) => [kind, 'connection'] as const),
  [malformedKind, 'malformed'] as const,
]);

/** Null: a kind that this version does not know. */
export function layerOf(kind: string): (typeof layers)[number] | null {
  return layerOfKind.get(kind) ?? null;
}

export const subjects = ['joining', 'round', 'model', 'evaluation', 'life', 'error'] as const;
export type Subject = (typeof subjects)[number];

/** What each kind is about; of connections and foreign bytes nobody can say. */
const subjectOfMessage: Readonly<Record<MessageKind, Subject>> = {
  run_plan: 'joining',
  graph_request: 'joining',
  model_graph: 'model',
  register: 'joining',
  admission: 'joining',
  welcome: 'joining',
  training_config: 'round',
  global_model: 'model',
  start_training: 'round',
  training_progress: 'round',
  model_update: 'model',
  update_ack: 'model',
  start_evaluation: 'evaluation',
  evaluation_result: 'evaluation',
  round_status: 'round',
  round_summary: 'round',
  training_complete: 'round',
  pause: 'joining',
  resume: 'joining',
  heartbeat: 'life',
  goodbye: 'joining',
  error: 'error',
};
const subjectOfLink: Readonly<Record<LinkKind, Subject | null>> = {
  hello: 'joining',
  challenge: 'joining',
  proof: 'joining',
  hello_ack: 'joining',
  // The header of a message that was not understood: what it is about is not known.
  message: null,
  chunk: 'model',
  ack: 'life',
  heartbeat: 'life',
  withdraw: 'model',
  goodbye: 'joining',
};
const subjectOfKind: ReadonlyMap<string, Subject | null> = new Map<string, Subject | null>([
  ...Object.entries(subjectOfMessage),
  ...Object.entries(subjectOfLink),
]);

export function subjectOf(kind: string): Subject | null {
  return subjectOfKind.get(kind) ?? null;
}
