import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { tellsAll } from '#engine/round/telling.ts';
import { requirePlan } from '#engine/trainer/graph-cache.ts';
import { requireClassifier } from '#engine/trainer/imported/classifier.ts';
import { readNetwork, writeNetwork } from '#engine/trainer/imported/network-file.ts';
import { hashBytes } from '#engine/codec/hash.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { toyLoaded } from '#test/simulation/toy-model.ts';
import { writeDense } from '#test/support/dense-network.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { ParticipantKit, plan } from '#test/support/kits/participant-kit.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import type { RunOutcome } from '../machine.ts';
import type { GraphStore } from './arriving-graph.ts';
import { runParticipant } from './driver.ts';

const signal = new AbortController().signal;
const honest = writeNetwork(readNetwork(writeDense([1, 8, 8], 2)));
const odd = { type: 'Hardmax', name: 'odd', inputs: ['y'], outputs: ['z'], attributes: new Map() };
const unknown = writeDense([1, 8, 8], 2, [odd]);

function planOf(file: Uint8Array, about: Partial<RunPlanBody['model']> = {}): RunPlanBody {
  const graph = { hash: hashBytes(file), bytes: file.byteLength };
  return runPlan({
    model: { inputShape: [1, 8, 8], numClasses: 2, graph, ...about } as RunPlanBody['model'],
    parameters: 130,
  });
}

/** What becomes of a participant that is told this plan and gets this file; it goes as far as its data. */
async function sent(
  body: RunPlanBody,
  file: Uint8Array,
  graphs?: GraphStore,
  claimed: Hash = hashBytes(file),
): Promise<RunOutcome & { readonly asked: number; readonly notices: readonly unknown[] }> {
  await using federation = await new MemoryFederation().listen();
  const { participant, coordinator } = await federation.pair('node-1');
  await coordinator.send({ kind: 'run_plan', round: 0, body }, { signal });
  const reporter = new RecordingReporter();
  let asked = 0;
  const serving = (async () => {
    for await (const { header } of coordinator.messages()) {
      if (header.kind !== 'graph_request') continue;
      asked++;
      assert.equal(header.body.hash, body.model.graph?.hash);
      const payload = { bytes: file, hash: claimed };
      await coordinator.send({ kind: 'model_graph', round: 0, body: {}, payload }, { signal });
    }
  })();
  const outcome = await federation.within(
    60_000,
    runParticipant({
      link: participant,
      trainer: {
        train: () => Promise.reject(new Error('nothing to train')),
        evaluate: () => Promise.reject(new Error('nothing to check')),
      },
      trainerDescription: 'none',
      telling: tellsAll,
      fitData: () => Promise.reject(new Error('its data is read')),
      key: 'key',
      layoutOf: (model) => requirePlan(model).layout,
      openGraph: async ({ batchSize, learningRate, optimizer }, bytes) =>
        requireClassifier(readNetwork(bytes), { batchSize, learningRate, optimizer, seed: 0 }).network.tensors,
      graphs,
      codec: modelCodec,
      clock: federation.clock,
      reporter,
      coordinatorEvents: 'none',
      signal,
    }),
  );
  await federation.within(60_000, coordinator.close('clean', 'test over'));
  await serving;
  return { ...outcome, asked, notices: reporter.ofType('notice') };
}

describe('the network of a run comes to a participant', () => {
  test('on being asked for, is read, and kept for the next run', async () => {
    const kept: [Hash, number][] = [];
    const store: GraphStore = {
      find: () => Promise.resolve(null),
      keep: (hash, { byteLength }) => Promise.resolve(void kept.push([hash, byteLength])),
    };
    const { reason, asked } = await sent(planOf(honest), honest, store);
    assert.deepEqual([reason, asked], ['its data is read', 1]);
    assert.deepEqual(kept, [[hashBytes(honest), honest.byteLength]]);
    const here: GraphStore = { ...store, find: () => Promise.resolve(honest) };
    assert.deepEqual([(await sent(planOf(honest), honest, here)).asked, kept.length], [0, 1], 'is not asked for again');
  });

  test('a disk that fails costs another transfer and a word', async () => {
    const failing: GraphStore = {
      find: () => Promise.reject(new Error('no disk')),
      keep: () => Promise.reject(new Error('no room')),
    };
    const { reason, asked, notices } = await sent(planOf(honest), honest, failing);
    assert.deepEqual([reason, asked, notices.length], ['its data is read', 1, 2]);
  });

  const longer = Buffer.concat([honest, Buffer.from([0])]);
  const lies: Readonly<Record<string, readonly [RunPlanBody, Uint8Array, RegExp, Hash?]>> = {
    'another one than was announced': [
      planOf(honest),
      honest.with(honest.length - 1, 7),
      /sent cannot be used: \d+ bytes with the SHA-256 [0-9a-f]{12}…, where \d+ with [0-9a-f]{12}… were announced/,
    ],
    'a shorter one': [planOf(honest), honest.subarray(1), /sent cannot be used: \d+ bytes with the SHA-256/],
    'one shorter than its plan says, with its hash': [
      planOf(honest, { graph: { hash: hashBytes(honest), bytes: honest.byteLength + 5 } }),
      honest,
      /sent cannot be used: \d+ bytes with the SHA-256/,
    ],
    'a longer one': [
      planOf(honest),
      longer,
      /sent cannot be used: model_graph of \d+ bytes; a network of this run has \d+/,
    ],
    'one that is not what its header says': [
      planOf(honest),
      honest.with(3, 9),
      /sent cannot be used: payload of .* is not what its hash announced/,
      hashBytes(honest),
    ],
    'one that is no network': [planOf(Buffer.from('no')), Buffer.from('no'), /./],
    'one with an operator that has no gradient': [
      planOf(unknown),
      unknown,
      /^Hardmax "odd": this operator is not known here/,
    ],
    'one of other parameters than its plan says': [
      { ...planOf(honest), parameters: 131 },
      honest,
      /says 131 parameters, and its model has 130/,
    ],
  };
  for (const [what, [body, file, says, claimed]] of Object.entries(lies))
    test(`${what} ends its join with what is wrong, before data is read`, async () => {
      const kept: Hash[] = [];
      const store: GraphStore = {
        find: () => Promise.resolve(null),
        keep: (hash) => Promise.resolve(void kept.push(hash)),
      };
      const { status, reason, asked } = await sent(body, file, store, claimed);
      assert.deepEqual([status, asked], ['failed', 1]);
      assert.match(reason, says);
      if (!what.includes('parameters')) assert.deepEqual(kept, [], 'nothing of it is kept');
    });
});

describe('a participant that waits for the network', () => {
  const graph = { hash: hashBytes(honest), bytes: honest.byteLength };
  const body: RunPlanBody = { ...plan, model: { inputShape: [1, 1, 3], numClasses: 2, graph } };

  function waiting(): ParticipantKit {
    const kit = new ParticipantKit();
    kit.hear('run_plan', 0, body);
    assert.equal(kit.sent('graph_request').length, 0, 'it may be here');
    kit.feed({ kind: 'graph_missing' });
    assert.deepEqual(
      kit.sent('graph_request').map((message) => message.body.hash),
      [graph.hash],
    );
    return kit;
  }

  test('asks again after a restart of the coordinator, and not once it is here', () => {
    const kit = waiting();
    kit.feed({ kind: 'link_reset' });
    assert.equal(kit.sent('graph_request').length, 2);
    kit.hear('model_graph', 0, {}, { hash: graph.hash });
    kit.feed({ kind: 'link_reset' });
    assert.equal(kit.sent('graph_request').length, 2);
    kit.feed({ kind: 'prepared', loaded: toyLoaded(plan.classes, [1, 1, 3]) });
    assert.equal(kit.sent('register').length, 1);
  });

  test('ends where the coordinator does not send it', () => {
    for (const code of ['model_invalid', 'rate_exceeded'] as const) {
      const kit = waiting();
      kit.hear('error', 0, { code, reason: 'no such network' });
      assert.deepEqual([kit.state.outcome?.status, kit.state.outcome?.reason], ['failed', 'no such network']);
    }
    const kit = waiting();
    kit.hear('model_graph', 0, {}, { hash: graph.hash });
    kit.hear('error', 0, { code: 'rate_exceeded', reason: 'registered twice' });
    assert.equal(kit.state.outcome, null, 'it is about something else');
  });

  test('shows that it receives', () => {
    const kit = waiting();
    kit.feed({ kind: 'transfer', round: 0, of: 'model_graph', direction: 'down' });
    assert.equal(kit.phases.at(-1), 'receive 0');
  });
});
