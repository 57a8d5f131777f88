import { hashBytes } from '#engine/codec/hash.ts';
import { writeModel } from '#engine/trainer/onnx/write-model.ts';
import { encodeSafetensors } from '#engine/codec/safetensors.ts';
import { asParticipantId, type MessageId } from '#shared/contract/ids.ts';
import { participantKinds, type BodyOf, type MessageKind } from '#shared/contract/messages.ts';
import type { ModelConfig } from '#shared/contract/run/model-config.ts';
import { anna, participant, sentAt } from './parties.ts';

const classes = ['cat', 'dog'];
const model: ModelConfig = {
  inputShape: [1, 2, 2],
  numClasses: 2,
  layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'none' }],
};

function parameters(first: number): Uint8Array {
  const weights = Float32Array.from({ length: 8 }, (_, k) => first + k / 8);
  return encodeSafetensors([
    { name: 'dense1.weight', dtype: 'F32', shape: [4, 2], data: weights },
    { name: 'dense1.bias', dtype: 'F32', shape: [2], data: Float32Array.of(0, -first) },
  ]);
}

/** A global model and an update of it, as safetensors. */
export const globalModel = parameters(0.5);
export const modelUpdate = parameters(0.75);
/** A dense layer, as it goes to participants. */
const modelGraph = writeModel(
  {
    opset: 20,
    graphName: 'main_graph',
    nodes: [
      { type: 'Flatten', name: '', inputs: ['x'], outputs: ['flat'], attributes: new Map() },
      {
        type: 'Gemm',
        name: 'dense1',
        inputs: ['flat', 'dense1.weight', 'dense1.bias'],
        outputs: ['y'],
        attributes: new Map(),
      },
    ],
    initializers: [],
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', 1, 2, 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['batch', 2] }],
  },
  {
    outlines: [
      { name: 'dense1.weight', type: 'float32', shape: [4, 2], mark: 'parameter', location: 'parameters' },
      { name: 'dense1.bias', type: 'float32', shape: [2], mark: 'parameter', location: 'parameters' },
    ],
  },
);
const before = hashBytes(globalModel);
const update = hashBytes(modelUpdate);
const other = asParticipantId('ben');

/** One body of each kind, with the optional fields: a new kind does not compile without one. */
export const bodies: { readonly [K in MessageKind]: BodyOf<K> } = {
  run_plan: {
    runName: 'Wire vectors',
    rounds: 10,
    minimumParticipants: 2,
    quorum: 0.75,
    localEpochs: 2,
    batchSize: 32,
    learningRate: 0.05,
    optimizer: 'sgd',
    trainingDeadlineMs: 120_000,
    weightCap: 3,
    normClip: null,
    model,
    parameters: 10,
    classes,
    baselineAccuracy: 0.5,
    registered: 1,
    round: 0,
    phase: 'registering',
    nameTaken: false,
    nameKept: true,
    admits: 'ask',
    software: '0.1.0',
  },
  register: {
    name: participant,
    key: anna.fingerprint,
    data: {
      source: 'own pictures',
      examples: 120,
      heldOut: 30,
      shape: [1, 2, 2],
      classes,
      classCounts: [70, 50],
      skipped: 0,
    },
    trainer: 'a trainer of another language',
  },
  admission: { state: 'waiting', reason: 'the coordinator is asked' },
  welcome: {
    participant,
    runName: 'Wire vectors',
    rounds: 10,
    round: 0,
    phase: 'registering',
    minimumParticipants: 2,
    note: '',
  },
  training_config: { model, localEpochs: 2, batchSize: 32, learningRate: 0.05, optimizer: 'sgd', seed: 1 },
  global_model: { purpose: 'train' },
  start_training: { deadlineMs: 120_000, base: before },
  training_progress: { epoch: 1, epochs: 2, batch: 3, batches: 4, loss: 0.625 },
  model_update: { examples: 120, base: before, loss: 0.5, accuracy: 0.75, trainMs: 1500, norm: 0.25 },
  update_ack: { accepted: true, contribution: update, order: 1 },
  start_evaluation: { deadlineMs: 60_000, model: update },
  evaluation_result: { loss: 0.5, accuracy: 0.75, examples: 30 },
  round_status: {
    phase: 'training',
    waitingFor: [other],
    reported: [participant],
    selected: [participant, other],
    quorum: 2,
    deadlineAt: sentAt + 120_000,
    nextAction: 'closes at its deadline',
  },
  round_summary: {
    loss: 0.5,
    accuracy: 0.75,
    contributions: [participant, other],
    missing: [],
    durationMs: 2500,
    modelBefore: before,
    modelAfter: update,
    examples: 240,
  },
  training_complete: {
    status: 'completed',
    reason: 'all rounds are done',
    roundsCompleted: 10,
    loss: 0.5,
    accuracy: 0.75,
  },
  pause: { reason: 'on battery' },
  resume: {},
  heartbeat: { progress: 7, echoOf: 'c-1.1' as MessageId },
  goodbye: { code: 'clean', reason: 'the run is over' },
  error: { code: 'round_mismatch', reason: 'this is round 2' },
  graph_request: { hash: hashBytes(modelGraph) },
  model_graph: {},
};

/** Bytes of the kinds that carry a model. */
export const payloads: { readonly [K in MessageKind]?: Uint8Array } = {
  global_model: globalModel,
  model_update: modelUpdate,
  model_graph: modelGraph,
};

/** Who sends a kind, the participant where both may. */
export function senderOfKind(kind: MessageKind): 'participant' | 'coordinator' {
  return participantKinds.some((known) => known === kind) ? 'participant' : 'coordinator';
}
