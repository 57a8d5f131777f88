import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { MemoryFederation } from '#test/support/kits/memory-federation.ts';
import { progressMessage, take } from '#test/support/kits/messages.ts';
import { LinkCore } from './link-core.ts';
import { checkInbox, checkOutbox, checkQueue, type InboxFigures, type OutboxFigures } from './link-invariants.ts';

const never = new AbortController().signal;
const outbox: OutboxFigures = {
  controls: 3,
  firstSeq: 5,
  newestSeq: 7,
  lastSeq: 7,
  bytes: 10,
  transfers: [{ totalBytes: 10, peerBytes: 4 }],
};
const inbox: InboxFigures = { received: 5, finished: 1, transfers: [{ receivedBytes: 4, info: { length: 10 } }] };

describe('rules of a link', () => {
  const open = Array.from({ length: limits.transfersPerPeerMax + 1 }, () => ({
    receivedBytes: 0,
    info: { length: 1 },
  }));
  const cases: Record<string, { readonly check: () => void; readonly says: RegExp }> = {
    'a gap in the numbers': { check: () => checkOutbox({ ...outbox, controls: 2 }), says: /numbered 5 to 7/ },
    'a number that was never given': { check: () => checkOutbox({ ...outbox, lastSeq: 9 }), says: /9 was the last/ },
    'bytes that do not add up': { check: () => checkOutbox({ ...outbox, bytes: 11 }), says: /holds 10 bytes/ },
    'more acknowledged than there is': {
      check: () => checkOutbox({ ...outbox, transfers: [{ totalBytes: 10, peerBytes: 11 }] }),
      says: /11 of 10 bytes are acknowledged/,
    },
    'too many messages': {
      check: () => checkOutbox({ ...outbox, controls: 1_100, newestSeq: 1_104, lastSeq: 1_104 }),
      says: /holds 1101 messages/,
    },
    'a message received before': { check: () => checkInbox(6, inbox), says: /message 5 was received after 6/ },
    'a message left out': { check: () => checkInbox(3, inbox), says: /message 5 was received after 3/ },
    'too many transfers': { check: () => checkInbox(5, { ...inbox, transfers: open }), says: /2 transfers are open/ },
    'more bytes than announced': {
      check: () => checkInbox(5, { ...inbox, transfers: [{ receivedBytes: 11, info: { length: 10 } }] }),
      says: /11 bytes of a transfer of 10/,
    },
    'more unread than the limit': {
      check: () => checkQueue({ messages: 2, bytes: 3 * limits.payloadBytesMax + 1 }),
      says: /wait for their reader/,
    },
  };
  for (const [what, { check, says }] of Object.entries(cases))
    test(`${what} is found`, () => assert.throws(check, { name: 'InvariantError', message: says }));

  test('what is right passes', () => {
    checkOutbox(outbox);
    checkOutbox({ ...outbox, controls: 0, firstSeq: 0, newestSeq: 0 });
    checkInbox(5, inbox);
    checkInbox(4, inbox);
    checkQueue({ messages: 0, bytes: 0 });
  });

  test('a link whose memory is broken on purpose says so, ends at both ends, and harms no other', async () => {
    await using federation = await new MemoryFederation().listen();
    const one = await federation.pair('node-1');
    const two = await federation.pair('node-2');
    const core = federation.accepted.get('node-1');
    assert.ok(core instanceof LinkCore);
    let received = 0;
    Object.defineProperty(core.inbox, 'received', { get: () => (received += 2) });
    await one.participant.send(progressMessage(1), { signal: never });
    const [end, told] = await federation.within(20_000, Promise.all([one.coordinator.closed, one.participant.closed]));
    assert.deepEqual([end.code, end.local], ['internal', true]);
    assert.match(end.reason, /^Roundscope broke a rule of its own \(message \d+ was received after \d+\)/);
    assert.deepEqual([told.code, told.reason], [end.code, end.reason]);
    const notice = federation.coordinatorReports.ofType('notice').find(({ level }) => level === 'error');
    assert.equal(notice?.participant, 'node-1');
    await two.participant.send(progressMessage(9), { signal: never });
    const [message] = await federation.within(5_000, take(two.coordinator.messages()[Symbol.asyncIterator](), 1));
    assert.equal(message?.header.sender, 'node-2');
  });
});
