import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { demoDefaults, faultNames } from '#shared/contract/run/settings.ts';
import { demoCommand } from './demo-command.ts';
import { faultsOf } from './demo-draft.ts';
import { specFor, withData, withNetwork, withParticipants, withoutOwn } from './network-choice.ts';
import { faultRows, faultState } from './faults/fault-rows.ts';
import { missingProtocols } from './machine-check.ts';
import { turnsOf, withTransport } from './transport-choice.ts';

test('the command line says what the form says', () => {
  assert.equal(
    demoCommand({ ...demoDefaults, participants: 3, rounds: 7, split: 'iid', localEpochs: 2, seed: 5 }),
    'roundscope demo --participants 3 --rounds 7 --transport quic --split iid --local-epochs 2 --seed 5',
  );
  const changed = demoCommand({
    ...demoDefaults,
    control: 'mqtt',
    data: "/my data/it's",
    deadlineMs: 30_000,
    faults: [
      { name: 'drop-link', participant: asParticipantId('node-2'), round: 3 },
      { name: 'connection-per-message' },
    ],
  });
  assert.ok(changed.includes('--control mqtt'));
  assert.ok(changed.includes(String.raw`--data '/my data/it'\''s'`));
  assert.ok(changed.endsWith('--deadline 30 --fault drop-link:node-2@3 --fault connection-per-message'));
});

test('every fault has a row and a letter of its own', () => {
  assert.deepEqual(faultRows.map((row) => row.name).toSorted(), [...faultNames].toSorted());
  assert.equal(new Set(faultRows.map((row) => row.letter)).size, faultRows.length);
});

test('what is wrong with settings is told by field', () => {
  assert.equal(faultsOf(demoDefaults).size, 0);
  assert.deepEqual([...faultsOf({ ...demoDefaults, data: '', participants: 0 }).keys()], ['participants', 'data']);
  assert.equal(faultsOf({ ...demoDefaults, data: '' }).get('data'), 'a folder or a file has to be given');
});

test('a fault that was cleared is neither active nor armed', () => {
  const fault = { fault: 'drop-link', participant: 'node-1', round: 1, at: 0, note: '', clearedAt: null } as const;
  const state = faultState(
    [
      { ...fault, state: 'cleared' },
      { ...fault, state: 'armed' },
    ],
    'drop-link',
  );
  assert.deepEqual([state.active.length, state.armed.length], [0, 1]);
});

describe('choice of transports', () => {
  test('mixed goes round what this machine has, a list keeps its order, one protocol and auto need no list', () => {
    const protocolsOf = (plan: string, missing: readonly Protocol[] = [], participants = 4): readonly string[] =>
      turnsOf(plan, participants, new Set(missing)).map((turn) => turn.protocol);
    assert.deepEqual(protocolsOf('mixed', ['amqp', 'dds']), ['quic', 'mqtt', 'grpc', 'quic']);
    assert.deepEqual(protocolsOf('grpc,mqtt'), ['grpc', 'mqtt', 'grpc', 'mqtt']);
    assert.deepEqual(protocolsOf('mixed', [], 64).length, 5);
    assert.deepEqual([...protocolsOf('quic'), ...protocolsOf('auto')], []);
  });

  test('control over MQTT goes with one transport that is another one', () => {
    assert.deepEqual(withTransport('grpc'), { transport: 'grpc' });
    for (const plan of ['mqtt', 'auto', 'mixed', 'quic,grpc'])
      assert.deepEqual(withTransport(plan), { transport: plan, control: 'same' });
  });

  test('missing is what the machine was found to lack for one protocol, and nothing else', () => {
    const line = { what: 'x', detail: 'd', fix: 'm', required: false };
    const lines = [
      { ...line, protocol: 'amqp' as const, state: 'needs_a_step' as const },
      { ...line, protocol: 'dds' as const, state: 'works' as const },
      { ...line, state: 'absent' as const },
    ];
    assert.deepEqual(
      missingProtocols(lines).map(({ protocol }) => protocol),
      ['amqp'],
    );
  });
});

test('a network for everyone and one of its own: the command says so, the deadline follows unless it was set', () => {
  const all = { ...demoDefaults, ...withNetwork(demoDefaults, specFor('*', 'poor')) };
  const one = { ...all, ...withNetwork(all, specFor('node-2', 'satellite')) };
  assert.ok(demoCommand(one).endsWith('--deadline 87 --network poor --network satellite:node-2'), demoCommand(one));
  assert.ok(all.deadlineMs > demoDefaults.deadlineMs && one.deadlineMs > all.deadlineMs);
  const back = { ...one, ...withoutOwn(one, 'node-2') };
  assert.deepEqual(back, all);
  assert.deepEqual({ ...back, ...withNetwork(back, specFor('*', 'none')) }, demoDefaults);
  const own = { ...demoDefaults, deadlineMs: 7000 };
  assert.equal(withNetwork(own, specFor('*', 'poor')).deadlineMs, 7000);
  assert.ok(
    demoCommand({ ...demoDefaults, network: [{ preset: 'none', change: { latencyMs: 80, lossPercent: 2 } }] }).endsWith(
      '--network latency=80,loss=2',
    ),
  );
});

test('a deadline that nobody has set leaves time for many participants, and one that somebody has set stays', () => {
  const faces = withData(demoDefaults, 'faces');
  assert.deepEqual(faces, { data: 'faces', deadlineMs: 60_000 });
  assert.deepEqual(withData({ ...demoDefaults, ...faces }, 'digits').deadlineMs, demoDefaults.deadlineMs);
  const many = withParticipants(demoDefaults, 50);
  assert.deepEqual(many, { participants: 50, deadlineMs: 77_000 });
  assert.equal(withParticipants({ ...demoDefaults, ...many }, 4).deadlineMs, demoDefaults.deadlineMs);
  assert.equal(withParticipants({ ...demoDefaults, deadlineMs: 30_000 }, 50).deadlineMs, 30_000);
});
