import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import { isHidden } from '#shared/contract/hidden.ts';
import { bodySchemas, messageKinds } from '#shared/contract/messages.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { sampleOf } from '#test/support/kits/sample-of.ts';
import { linkFrameKinds, linkFrameSchema } from '../link-frames.ts';
import { PacketLog } from './packet-log.ts';
import { recordedHeader } from './recorded-header.ts';

/**
 * Every text on the wire that a recording keeps as it is, with why it may. A new field with text is added here, or hidden
 * where its schema is made (`hide`); until somebody has decided, this fails.
 */
const recordedAsIs: Readonly<Record<string, string>> = {
  'hello.run': 'a name',
  'hello.participant': 'a name',
  'hello.pass.name': 'a name of a participant',
  'hello.peer': 'made of the public key',
  'hello.look': 'a name',
  'hello.state.transfers.id': 'a number of a message',
  'hello.state.done': 'numbers of messages',
  'hello.state.failed.id': 'a number of a message',
  'hello_ack.reason': 'words for people',
  'hello_ack.state.transfers.id': 'a number of a message',
  'hello_ack.state.done': 'numbers of messages',
  'hello_ack.state.failed.id': 'a number of a message',
  'message.transfer': 'a number of a message',
  'message.header': 'the messages below',
  'chunk.transfer': 'a number of a message',
  'ack.state.transfers.id': 'a number of a message',
  'ack.state.done': 'numbers of messages',
  'ack.state.failed.id': 'a number of a message',
  'withdraw.transfer': 'a number of a message',
  'goodbye.code': 'words for people',
  'goodbye.reason': 'words for people',
  'message run_plan.runName': 'words for people',
  'message run_plan.classes': 'the run says them to all',
  'message run_plan.software': 'a version',
  'message register.name': 'a name',
  'message register.key': 'a hash of the public key',
  'message register.data.source': 'what kind of data, never where it lies',
  'message register.data.classes': 'the run says them to all',
  'message register.trainer': 'a version',
  'message welcome.participant': 'a name',
  'message welcome.runName': 'words for people',
  'message welcome.note': 'words for people',
  'message start_training.base': 'a hash of a model',
  'message model_update.base': 'a hash of a model',
  'message update_ack.contribution': 'a hash of a model',
  'message update_ack.reason': 'words for people',
  'message start_evaluation.model': 'a hash of a model',
  'message round_status.waitingFor': 'names',
  'message round_status.reported': 'names',
  'message round_status.selected': 'names',
  'message round_status.nextAction': 'words for people',
  'message round_summary.contributions': 'names',
  'message round_summary.missing': 'names',
  'message round_summary.modelBefore': 'a hash of a model',
  'message round_summary.modelAfter': 'a hash of a model',
  'message training_complete.reason': 'words for people',
  'message pause.reason': 'words for people',
  'message admission.reason': 'words for people',
  'message heartbeat.echoOf': 'a number of a message',
  'message goodbye.code': 'words for people',
  'message goodbye.reason': 'words for people',
  'message error.reason': 'words for people',
  'message graph_request.hash': 'a hash of a network',
  'message run_plan.model.graph.hash': 'a hash of a network',
  'message training_config.model.graph.hash': 'a hash of a network',
};

/** Paths of all fields in which any text may stand and that are not hidden. */
function textsIn(given: z.core.$ZodType, path: string): string[] {
  if (isHidden(given)) return [];
  const { def } = (given as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return textsIn(def.innerType, path);
    case 'array':
      return textsIn(def.element, path);
    case 'tuple':
      return def.items.flatMap((item) => textsIn(item, path));
    case 'union':
      return [...new Set(def.options.flatMap((option) => textsIn(option, path)))];
    case 'object':
      return Object.entries(def.shape).flatMap(([name, field]) => textsIn(field, `${path}.${name}`));
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
      return [];
    default:
      return [path];
  }
}

test('each text on the wire is known to be recorded as it is, or is hidden', () => {
  const found = [
    ...linkFrameKinds.flatMap((kind) => textsIn(linkFrameSchema(kind) as z.ZodType, kind)),
    ...messageKinds.flatMap((kind) => textsIn(bodySchemas[kind], `message ${kind}`)),
  ];
  assert.deepEqual(found.toSorted(), Object.keys(recordedAsIs).toSorted());
});

describe('the header of a recorded frame', () => {
  const secret = 'f00dfeed'.repeat(16);
  for (const kind of ['hello', 'challenge', 'proof', 'hello_ack'] as const) {
    test(`${kind}: what proves something is not in it, and the rest is`, () => {
      const frame = sampleOf(linkFrameSchema(kind) as z.ZodType, secret.slice(0, 32)) as Record<string, unknown>;
      const kept = recordedHeader(JSON.stringify(frame), kind);
      const hidden = Object.entries(frame).filter(
        ([, value]) => typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value),
      );
      const shown = JSON.parse(kept) as Record<string, unknown>;
      let some = 0;
      for (const [name, value] of hidden) {
        if (`${kind}.${name}` in recordedAsIs) continue;
        some++;
        assert.equal(shown[name], `${String(value).slice(0, 6)}… (${String(value).length} characters, not recorded)`);
      }
      assert.ok(some > 0, 'nothing of it is hidden');
      assert.deepEqual(Object.keys(shown), Object.keys(frame));
      assert.equal(shown['t'], kind);
    });
  }

  test('fields that this version does not know are named and not shown', () => {
    const kept = recordedHeader(
      JSON.stringify({ t: 'proof', mac: secret, password: secret, more: { deep: secret } }),
      'proof',
    );
    assert.ok(!kept.includes(secret.slice(0, 16)), kept);
    assert.deepEqual(Object.keys(JSON.parse(kept) as object), ['t', 'mac', 'password', 'more']);
  });

  test('the same of frames of another kind, of values of another form, and of no JSON', () => {
    for (const [text, kind] of [
      [JSON.stringify({ t: 'token', token: secret }), 'token'],
      [JSON.stringify({ t: 'proof', mac: [secret], signature: { a: secret } }), 'proof'],
      [JSON.stringify({ t: 'hello', version: secret, state: secret, run: [secret], nonce: secret }), 'hello'],
      [JSON.stringify([secret]), 'hello'],
      [`{"t":"proof","mac":"${secret}`, 'proof'],
      [JSON.stringify({ t: 'hello_ack', accepted: secret, signature: secret }), 'hello_ack'],
    ] as const) {
      assert.ok(!recordedHeader(text, kind).includes(secret.slice(0, 16)), `${kind}: ${text}`);
    }
  });

  test('the packet log itself keeps it so, of frames that were sent, received or could not be read', () => {
    const reporter = new RecordingReporter();
    const log = new PacketLog(reporter, 'coordinator');
    const context = { participant: '', protocol: 'memory', stack: 'memory', connection: 1 } as const;
    const header = JSON.stringify({ t: 'proof', mac: secret.slice(0, 64), signature: secret });
    for (const side of ['sent', 'received'] as const)
      for (const status of ['ok', 'malformed'] as const)
        log.frame({ ...context }, { side, kind: 'proof', status, header });
    assert.equal(reporter.packets.length, 4);
    for (const { header: kept } of reporter.packets) assert.ok(!kept.includes(secret.slice(0, 16)), kept);
  });

  test('messages and their pieces are as they were sent', () => {
    const update = '{"t":"message","header":{"kind":"model_update","body":{"examples":3}},"ack":0}';
    assert.equal(recordedHeader(update, 'model_update'), update);
    assert.equal(recordedHeader('{"t":"chunk","offset":0}', 'chunk'), '{"t":"chunk","offset":0}');
    assert.equal(recordedHeader('', 'connection_open'), '');
  });
});
