import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError, toErrorReport, type ErrorCode } from '#shared/base/errors.ts';
import { asRunId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { Tried } from '#shared/contract/app/look.ts';
import type { InvitationCheck } from '#shared/contract/app/port-api.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { runPlan } from '#test/support/kits/run-plan.ts';
import { checksOf, type Found } from './invitation-checks.ts';

const invitation: Invitation = {
  version: 2,
  run: asRunId('r-1'),
  name: 'faces',
  control: 'same',
  transport: 'quic,mqtt',
  identity: '12D3KooWDzvjKMv3eEzLJPHN9TjuJ1binb6De9W7ybubpLLipM7E',
  endpoints: [{ protocol: 'quic', provider: 'quinn', host: '10.0.4.18', port: 4433 }],
  token: 'a-token-of-sixteen-or-more',
  pass: { generation: 0, signature: 'ab'.repeat(64) },
};

function answered(about: Partial<NonNullable<Tried['seen']>> = {}, protocol: Tried['protocol'] = 'quic'): Tried {
  const seen = { stack: 'quinn' as const, roundTripMs: 18, clockAheadMs: 3, plan: runPlan(), ...about };
  return { protocol, addresses: ['10.0.4.18:4433 (UDP)'], tookMs: 40, seen, error: null };
}

function failed(code: ErrorCode, message: string, protocol: Tried['protocol'] = 'quic'): Tried {
  const error = toErrorReport(new RoundscopeError(code, { layer: 'transport', message }));
  return { protocol, addresses: ['10.0.4.18:4433 (UDP)'], tookMs: 6_000, seen: null, error };
}

function checks(tried: Tried[], about: Partial<Found> = {}): Map<string, InvitationCheck> {
  const found = {
    invitation,
    name: { given: 'lab-2' },
    software: '0.1.0',
    looked: { type: 'looked', tried },
    ...about,
  };
  return new Map(checksOf(found as Found).map((check) => [check.what, check]));
}

const order = ['invitation', 'way', 'address', 'identity', 'clock', 'version', 'name'];

describe('checks of an invitation', () => {
  test('all is well: every check says so, with its figure', () => {
    const all = checks([answered(), answered({ roundTripMs: 25 }, 'mqtt')]);
    assert.deepEqual([...all.keys()], order);
    for (const { state } of all.values()) assert.equal(state, 'ok');
    assert.equal(all.get('address')?.text, 'answers over QUIC, also over MQTT');
    assert.equal(all.get('address')?.figure, '18 ms');
    assert.equal(all.get('name')?.text, 'lab-2 is free');
    assert.equal(all.get('way')?.text, 'QUIC is encrypted from one end to the other');
  });

  for (const [text, what] of [
    ['', 'it is empty'],
    ['hello', 'it does not begin with'],
    ['roundscope://join?i=abc', 'its end is missing, it was cut off'],
    ['roundscope://join?i=abc.0000000', 'its checksum does not match'],
  ] as const) {
    test(`"${text}": ${what}; nothing else is claimed`, () => {
      const decoded = decodeInvitation(text);
      assert.ok(!decoded.ok);
      const [first, ...others] = checksOf({ invitation: toErrorReport(decoded.error) });
      assert.equal(first?.state, 'fault');
      assert.ok(first?.text.startsWith(what), first?.text);
      assert.deepEqual(
        others.map((check) => [check.what, check.state]),
        order.slice(1).map((one) => [one, 'unknown']),
      );
    });
  }

  test('nobody answers: what was tried, over what, for how long; a name is not called free', () => {
    const all = checks([failed('connect_timeout', 'No coordinator answered')]);
    assert.equal(all.get('address')?.state, 'fault');
    assert.equal(all.get('address')?.text, 'No coordinator answered. Tried QUIC at 10.0.4.18:4433 (UDP), 6.0 s.');
    for (const what of ['identity', 'clock', 'version', 'name']) assert.equal(all.get(what)?.state, 'unknown', what);
  });

  test('a broker elsewhere: what it reads, and that its user and password are in the invitation', () => {
    const url = 'mqtt://lab:secret@broker.example:1883';
    const endpoints = [{ protocol: 'mqtt', provider: 'mqtt', host: 'broker.example', port: 1883, url }] as const;
    const way = checks([], { invitation: { ...invitation, endpoints: [...endpoints] } }).get('way');
    assert.equal(way?.state, 'warning');
    assert.match(way.text, /sealed .*the broker reads names .*no model/);
    assert.match(way.meaning, /whoever has it is that user there/);
    assert.doesNotMatch(JSON.stringify(way), /secret/);
  });

  test('an impostor is a fault of identity, not of the address', () => {
    const all = checks([failed('identity_mismatch', '10.0.4.18:4433 answers with another identity')]);
    assert.deepEqual([all.get('address')?.state, all.get('identity')?.state], ['ok', 'fault']);
  });

  test('a run that is over is not "no answer"', () => {
    const all = checks([failed('run_over', 'the run is over: all 3 rounds are done')]);
    assert.deepEqual([all.get('address')?.state, all.get('identity')?.state], ['ok', 'fault']);
    assert.match(all.get('identity')?.text ?? '', /run is over/);
  });

  test('another version of the messages is a fault, another version of the program a warning', () => {
    const messages = checks([failed('version_unsupported', 'the coordinator speaks contract version 2')]);
    assert.equal(messages.get('version')?.state, 'fault');
    const program = checks([answered({ plan: runPlan({ software: '0.2.0' }) })]);
    assert.deepEqual(
      [program.get('version')?.state, program.get('version')?.text],
      ['warning', '0.1.0 here, 0.2.0 there'],
    );
  });

  test('a clock is checked beyond what the round trip blurs', () => {
    for (const [clockAheadMs, roundTripMs, state] of [
      [1_900, 10, 'ok'],
      [-2_400, 1_000, 'ok'],
      [2_600, 10, 'warning'],
      [-3_600_000, 10, 'warning'],
    ] as const)
      assert.equal(checks([answered({ clockAheadMs, roundTripMs })]).get('clock')?.state, state, `${clockAheadMs}`);
    const behind = checks([answered({ clockAheadMs: -3_600_000 })]).get('clock');
    assert.match(behind?.text ?? '', /is 60 min behind this machine/);
  });

  test('a name that is taken, and one that cannot be used, are faults', () => {
    const taken = checks([answered({ plan: runPlan({ nameTaken: true }) })]).get('name');
    assert.deepEqual([taken?.state, taken?.text], ['fault', 'another participant is here as lab-2']);
    const name = { given: 'Service', fault: '"Service" cannot be a participant\'s name' };
    assert.equal(checks([answered()], { name }).get('name')?.state, 'fault');
    assert.equal(checks([failed('connect_timeout', '')], { name }).get('name')?.state, 'fault');
  });

  test('a process that could not look is said, and nothing is claimed of the coordinator', () => {
    const looked = new RoundscopeError('process_exited', { layer: 'service', message: 'it ended with SIGSEGV' });
    const all = checks([], { looked });
    assert.equal(all.get('address')?.state, 'fault');
    assert.equal(all.get('identity')?.state, 'unknown');
  });
});
