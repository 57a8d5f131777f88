import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { PayloadCodec } from '#engine/round/payload-codec.ts';
import type { TrainerPort } from '#engine/round/trainer-port.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { runOverLinks, type LinkLevelOptions, type LinkLevelResult } from './link-level.ts';
import { toyCodec } from './toy-model.ts';

/** A codec that fails from its n-th use on. */
function failing(what: 'encode' | 'decode', from: number): PayloadCodec {
  let uses = 0;
  const broken = (): void => {
    if (++uses >= from) throw new RangeError('Array buffer allocation failed');
  };
  return {
    ...toyCodec,
    encode: (tensors) => (what === 'encode' && broken(), toyCodec.encode(tensors)),
    decode: (bytes) => (what === 'decode' && broken(), toyCodec.decode(bytes)),
  };
}

async function play(options: Partial<LinkLevelOptions>): Promise<LinkLevelResult & { readonly notices: string[] }> {
  const notices: string[] = [];
  const result = await runOverLinks({
    seed: 11,
    participants: 3,
    ...options,
    reporter: (type, data) => {
      options.reporter?.(type, data);
      if (type === 'notice') notices.push((data as EventData<'notice'>).text);
    },
  });
  assert.deepEqual([result.pendingTimers, result.openSessions], [0, 0], 'nothing is left open');
  return { ...result, notices };
}

/** Everybody has heard the same. */
function toldAll({ coordinator, participants }: LinkLevelResult): void {
  for (const [name, { status, reason }] of participants)
    assert.deepEqual([status, reason], [coordinator.status, coordinator.reason], name);
}

const onlyAt = (who: string, codec: PayloadCodec): { readonly codec: (name: string) => PayloadCodec } => ({
  codec: (name) => (name === who ? codec : toyCodec),
});

describe('a step that fails is a reason', () => {
  test('an average that cannot be encoded ends the run, and everybody hears why', async () => {
    // The first model is encoded at the start.
    const result = await play(onlyAt('coordinator', failing('encode', 3)));
    assert.deepEqual(
      [result.coordinator.status, result.coordinator.reason],
      ['failed', 'aggregation of round 2 failed: Array buffer allocation failed'],
    );
    assert.equal(result.coordinator.roundsCompleted, 1);
    toldAll(result);
  });

  test('an update that is longer than a model of the run is refused before it comes; its round goes on without it', async () => {
    const large = (trainer: TrainerPort): TrainerPort => ({
      ...trainer,
      train: async (job, options) => {
        const result = await trainer.train(job, options);
        const more = float32Tensor('more', [1000], new Float32Array(1000));
        return { ...result, parameters: [...result.parameters, more] };
      },
    });
    const result = await play({
      settings: { quorum: 0.5 },
      trainer: (name, trainer) => (name === 'node-2' ? large(trainer) : trainer),
    });
    assert.deepEqual([result.coordinator.status, result.coordinator.roundsCompleted], ['completed', 3]);
    const told = result.notices.filter((text) =>
      text.startsWith('node-2: its update cannot be taken: model_update of'),
    );
    assert.equal(told.length, 3, result.notices.join());
    assert.ok(result.virtualMs < 60_000, 'no deadline was waited for');
    toldAll(result);
  });

  test('training that takes too long ends, whatever the coordinator asked for, and its round goes on without it', async () => {
    const endless = (trainer: TrainerPort): TrainerPort => ({
      ...trainer,
      train: (_job, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    });
    const result = await play({
      settings: { quorum: 0.5 },
      trainingMaxMs: 10_000,
      trainer: (name, trainer) => (name === 'node-2' ? endless(trainer) : trainer),
    });
    assert.deepEqual([result.coordinator.status, result.coordinator.roundsCompleted], ['completed', 3]);
    const told = result.notices.filter((text) => /node-2: .*took longer than 10 s and was ended/.test(text));
    assert.equal(told.length, 3, result.notices.join());
    assert.ok(result.virtualMs < 60_000, 'no deadline was waited for');
  });

  test('an update that cannot be looked at is refused with the reason, and the others count', async () => {
    let seen = 0;
    const codec = { ...toyCodec, decode: (bytes: Uint8Array) => toyCodec.decode(bytes) };
    codec.decode = (bytes) => {
      if (++seen === 1) throw new RangeError('Array buffer allocation failed');
      return toyCodec.decode(bytes);
    };
    const result = await play({ ...onlyAt('coordinator', codec), settings: { quorum: 0.5 } });
    assert.equal(result.coordinator.status, 'completed', result.coordinator.reason);
    assert.match(
      result.notices.join('\n'),
      /update of round 1 was refused: the update could not be looked at: Array buffer allocation failed/,
    );
  });

  test('a participant that cannot read the model says so, and the others go on', async () => {
    const result = await play({ ...onlyAt('node-2', failing('decode', 1)), settings: { quorum: 0.5 } });
    assert.equal(result.coordinator.status, 'completed', result.coordinator.reason);
    assert.match(result.notices.join('\n'), /global model of round 1 is unusable: Array buffer allocation failed/);
  });

  test('a participant that cannot encode what it has trained says so, and the others go on', async () => {
    const result = await play({ ...onlyAt('node-2', failing('encode', 1)), settings: { quorum: 0.5 } });
    assert.equal(result.coordinator.status, 'completed', result.coordinator.reason);
    assert.match(result.notices.join('\n'), /training of round 1 failed: Array buffer allocation failed/);
  });

  test('a training that fails everywhere ends the run with what each has said', async () => {
    const trainer = (_: string, inner: TrainerPort): TrainerPort => ({
      ...inner,
      train: () => Promise.reject(new TypeError('session.run is no function')),
    });
    const result = await play({ trainer });
    assert.equal(result.coordinator.status, 'failed');
    assert.match(result.coordinator.reason, /^round 1: 0 of the 1 update .*node-1: .*session\.run is no function/);
    toldAll(result);
  });

  test('an evaluation that fails everywhere is told, and the round is checked by what training measured', async () => {
    const trainer = (_: string, inner: TrainerPort): TrainerPort => ({
      ...inner,
      evaluate: () => Promise.reject(new RoundscopeError('trainer_crashed', { layer: 'trainer', message: 'it died' })),
    });
    const result = await play({ trainer });
    assert.deepEqual([result.coordinator.status, result.coordinator.accuracy], ['completed', 0.8]);
    assert.match(result.notices.join('\n'), /evaluation of round 1 failed: it died/);
  });

  for (const step of ['journal', 'keepModel', 'keepUpdate'] as const) {
    test(`a run that cannot be kept any more (${step}) is told so once, and goes on`, async () => {
      let [givenUp, calls] = [0, 0];
      const broken = (): never => {
        calls++;
        throw new TypeError('the folder is gone');
      };
      const store = {
        journal: () => undefined,
        keepModel: () => Promise.resolve(),
        keepUpdate: () => Promise.resolve(),
        forgetUpdate: () => Promise.resolve(),
        giveUp: () => void givenUp++,
        [step]: broken,
      };
      const result = await play({ store });
      assert.equal(result.coordinator.status, 'completed', result.coordinator.reason);
      assert.deepEqual([givenUp, calls], [1, 1]);
      const told = result.notices.filter((text) => /no longer kept on disk .*the folder is gone/.test(text));
      assert.equal(told.length, 1);
    });
  }

  test('an effect that throws ends the run with that, recorded and told, and the driver ends in order', async () => {
    let thrown = false;
    const result = await play({
      reporter: (type) => {
        if (type !== 'aggregated' || thrown) return;
        thrown = true;
        throw new TypeError('a reader of events is broken');
      },
    });
    assert.equal(result.coordinator.status, 'failed');
    assert.match(result.coordinator.reason, /a step that cannot fail has failed \(a reader of events is broken\)/);
    assert.match(result.notices.join('\n'), /a reader of events is broken/);
    toldAll(result);
  });
});
