import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hashBytes } from '#engine/codec/hash.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import type { Session } from '#engine/transport/transport.ts';
import { FaultyTransport } from '#engine/transport/faulty/faulty-transport.ts';
import { noDecisions, withDecision } from '#engine/round/admission.ts';
import { checkNewcomer } from '#engine/round/coordinator/entry/check-newcomer.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { seededRandom } from '#shared/base/random.ts';
import { limits } from '#shared/contract/limits.ts';
import { contractVersion, type Message, type Outgoing } from '#shared/contract/messages.ts';
import { batchOf, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { seededIdentity } from '#test/support/seeded-identity.ts';
import type { TransportHarness } from './harness.ts';
import { LinkEnds, type LinkPair, type WatchingReporter } from './link-ends.ts';
import { never } from './session-frames.ts';
import { participantIdentity, patience, run } from './session-pair.ts';

const { chunkBytes } = limits;
const MB = 1_000_000;
/** For 200 MB on a machine that does ten other things at once. */
const largePatience = { timeout: 230_000 };

/** What links make of a transport's sessions: each message once, whatever becomes of the sessions. */
export function describeLinks(harness: () => TransportHarness): void {
  const reasonAgainst = (): string | undefined => harness().skip?.links;

  test(
    'whoever answers without the key that the invitation names is refused, though it has the token',
    patience,
    async (t) => {
      const reason = reasonAgainst();
      if (reason !== undefined) return void t.skip(reason);
      await using ends = await LinkEnds.listen(harness());
      const coordinator = seededIdentity('whom the invitation names');
      await assert.rejects(ends.dial('node-1', never().signal, { coordinator }), {
        code: 'identity_mismatch',
        message: /could not prove to be the coordinator of the invitation/,
      });
      assert.equal(ends.coordinatorReports.ofKind('connection_open').length, 0);
    },
  );

  test('whoever has the token and leaves out the pass of the invitation is refused, in words', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const session = await ends.session('node-1');
    assert.deepEqual(await answerToHello(session, { participant: 'node-1', peer: participantIdentity.peerId }), {
      t: 'hello_ack',
      accepted: false,
      retry: false,
      code: 'invitation_invalid',
      reason:
        'this hello shows no pass, and nobody is let in without the one of an invitation; ask for a new invitation',
    });
    assert.equal(ends.coordinatorReports.ofKind('connection_open').length, 0);
    // With another one's terms, and nothing that makes them good.
    const pass = { generation: 0, signature: 'ab'.repeat(64) };
    await assert.rejects(ends.dial('node-1', never().signal, { pass }), {
      code: 'link_rejected',
      message: /or its pass/,
    });
    await session.close('clean', 'end of test');
    await ends.pair();
  });

  test('a key that was sent away is refused at the door, in words, also under another name', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const id = asParticipantId('node-1');
    const { fingerprint: key } = participantIdentity;
    const admission = withDecision(noDecisions, { kind: 'expelled', id, key, reason: 'noise', drops: false });
    ends.check = (who) => checkNewcomer(who, admission, 0);
    const refused = { code: 'expelled', message: /has sent node-\d away for the rest of this run: noise/ };
    await assert.rejects(ends.dial('node-1'), refused);
    await assert.rejects(ends.dial('node-2'), refused);
    assert.equal(ends.coordinatorReports.ofKind('connection_open').length, 0);
  });

  test('a name is not given to another key, though it has the invitation; its owner goes on', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const pair = await ends.pair();
    const participant = seededIdentity('thief');
    // Where the connection has proved another key already, it fails of that.
    const refused = { message: /belongs to another key|its connection proved/ };
    await assert.rejects(ends.dial('node-1', never().signal, { participant }), refused);
    await pair.participant.send(progressMessage(7), never());
    assert.deepEqual((await take(pair.up, 1)).map(batchOf), [7]);
    assert.equal(pair.participant.status.connections, 1);
  });

  for (const [way, sender, receiver] of [
    ['down', 'coordinator', 'participantReports'],
    ['up', 'participant', 'coordinatorReports'],
  ] as const) {
    test(`a transfer ${way} that is cut early and late goes on where it was, and arrives once`, patience, async (t) => {
      const reason = reasonAgainst();
      if (reason !== undefined) return void t.skip(reason);
      await using ends = await LinkEnds.listen(harness());
      const pair = await ends.pair();
      const chunks = 96;
      // Further apart than what may be on its way and is read after the cut.
      cutAt(ends, ends[receiver], { kind: 'chunk', at: [5, 75] });
      const model = modelMessage(chunks * chunkBytes);
      const sent = await pair[sender].send(model, never());
      const [message] = await take(pair[way], 1);
      assert.equal(hashBytes(message?.payload ?? new Uint8Array()), model.payload?.hash);
      // Not one byte came twice: what had been read when the session ended is not sent again. (Chunks change their size.)
      const received = ends[receiver].ofKind('chunk').filter(({ side }) => side === 'received');
      assert.equal(
        received.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        chunks * chunkBytes,
      );
      assert.equal(pair.participant.status.reconnects, 2);
      await sent.acknowledged;
      // Nothing comes after it but what is sent now.
      await pair[sender].send(progressMessage(7), never());
      assert.deepEqual((await take(pair[way], 1)).map(batchOf), [7]);
    });
  }

  test(
    'a newer model takes the place of one under way, which ends where it is and leaves nothing behind',
    patience,
    async (t) => {
      const reason = reasonAgainst();
      if (reason !== undefined) return void t.skip(reason);
      await using ends = await LinkEnds.listen(harness());
      const pair = await ends.pair();
      const old = await pair.coordinator.send(modelMessage(200 * chunkBytes), never());
      await packetOf(ends.participantReports, 'chunk');
      const newer = { ...modelMessage(3 * chunkBytes, 2), round: 2 };
      const given = assert.rejects(old.acknowledged, /a newer global_model takes its place/);
      await pair.coordinator.send(newer, never());
      await given;
      const [message] = await take(pair.down, 1);
      assert.equal(hashBytes(message?.payload ?? new Uint8Array()), newer.payload?.hash);
      await packetOf(ends.participantReports, 'withdraw');
      // As many again as may be open at once: nothing of the old one counts among them.
      for (let round = 3; round < 3 + limits.transfersPerPeerMax; round++) {
        await pair.coordinator.send({ ...modelMessage(chunkBytes, round), round }, never());
        assert.equal((await take(pair.down, 1))[0]?.header.round, round);
      }
      assert.equal(pair.participant.status.reconnects, 0);
    },
  );

  test('small messages through cuts arrive once and in order, both ways', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const pair = await ends.pair();
    // All of a part may be on its way when it is cut, and arrives; the next part finds the session lost.
    const parts = [300, 300, 1];
    cutAt(ends, ends.coordinatorReports, { kind: 'training_progress', at: [20, 450] });
    let first = 0;
    for (const count of parts) {
      const sending = Promise.all([
        sendNumbered(pair.participant, first, count),
        sendNumbered(pair.coordinator, first, count),
      ]);
      const numbers = Array.from({ length: count }, (_, i) => first + i);
      const [up, down] = await Promise.all([take(pair.up, count), take(pair.down, count)]);
      await sending;
      assert.deepEqual(up.map(batchOf), numbers);
      assert.deepEqual(down.map(batchOf), numbers);
      first += count;
    }
    assert.equal(pair.participant.status.reconnects, 2);
  });

  test('payloads of 0 bytes to 200 MB, with control beside them', largePatience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const pair = await ends.pair();
    for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1]) {
      await pair.participant.send(modelMessage(size), never());
      const [message] = await take(pair.up, 1);
      assert.equal(message?.payload?.byteLength, size);
    }
    const large = largeMessage(200 * MB);
    await pair.participant.send(large, never());
    const { message, answered } = await answerUntilModel(pair);
    assert.equal(hashBytes(message.payload ?? new Uint8Array()), large.payload?.hash);
    assert.ok(answered >= 1, 'control waited for the model');
    assert.equal(pair.participant.status.reconnects, 0);
  });

  test('a half-open peer is noticed by its silence, and nothing is lost by it', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    const faulty = new FaultyTransport(harness().dialer, { clock: systemClock, random: seededRandom(1) });
    await using ends = await LinkEnds.listen(harness(), faulty);
    const pair = await ends.pair();
    await pair.participant.send(progressMessage(1), never());
    assert.deepEqual((await take(pair.up, 1)).map(batchOf), [1]);
    const lost = stateOf(ends.coordinatorReports, 'lost');
    // Its connection stays as it is, and nothing that the participant says gets through.
    faulty.partition('on');
    await pair.participant.send(progressMessage(2), never());
    assert.match(await lost, /peer_silent/);
    faulty.partition('off');
    await pair.coordinator.send(progressMessage(3), never());
    assert.deepEqual((await take(pair.up, 1)).map(batchOf), [2]);
    assert.deepEqual((await take(pair.down, 1)).map(batchOf), [3]);
  });

  test('a session that is changed on purpose says so at both ends, and is no loss', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const pair = await ends.pair();
    const resuming = stateOf(ends.coordinatorReports, 'resuming');
    pair.participant.changeSession('changes to QUIC: loss 2 %');
    assert.equal(await resuming, 'changes to QUIC: loss 2 %');
    await pair.coordinator.send(progressMessage(1), never());
    assert.deepEqual((await take(pair.down, 1)).map(batchOf), [1]);
    for (const reports of [ends.participantReports, ends.coordinatorReports]) {
      const states = reports.ofType('link_state').map(({ state }) => state);
      assert.deepEqual(states.slice(states.indexOf('ready')), ['ready', 'resuming', 'ready']);
    }
  });

  test('a close says goodbye with code and reason, after what was sent', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const one = await ends.pair('node-1');
    await one.participant.send(modelMessage(3 * chunkBytes), never());
    await one.participant.close('clean', 'done here');
    assert.deepEqual(await one.coordinator.closed, { code: 'clean', reason: 'done here', local: false });
    assert.equal((await take(one.up, 1))[0]?.payload?.byteLength, 3 * chunkBytes);
    assert.equal((await one.up.next()).done, true);
    const two = await ends.pair('node-2');
    // Heard both ways: who ends a link in the moment in which it opens may be heard at the next dial only.
    await two.participant.send(progressMessage(1), never());
    await take(two.up, 1);
    await two.coordinator.send(progressMessage(1), never());
    await take(two.down, 1);
    await ends.closeAcceptor('run_over', 'the run is over');
    assert.deepEqual(await two.participant.closed, { code: 'run_over', reason: 'the run is over', local: false });
  });

  test('what is cancelled has no effect, and the link can be opened afterwards', patience, async (t) => {
    const reason = reasonAgainst();
    if (reason !== undefined) return void t.skip(reason);
    await using ends = await LinkEnds.listen(harness());
    const abort = new AbortController();
    const opening = assert.rejects(ends.dial('node-1', abort.signal), /changed my mind/);
    abort.abort(new Error('changed my mind'));
    await opening;
    const pair = await ends.pair();
    const signal = AbortSignal.abort(new Error('not this one'));
    await assert.rejects(pair.participant.send(progressMessage(1), { signal }), /not this one/);
    await pair.participant.send(progressMessage(2), never());
    assert.deepEqual((await take(pair.up, 1)).map(batchOf), [2]);
  });
}

/** What a coordinator says to a hello that shows no pass. */
async function answerToHello(
  session: Session,
  { participant, peer }: { readonly participant: string; readonly peer: string },
): Promise<unknown> {
  const state = { received: 0, transfers: [], done: [], failed: [] };
  const [instance, nonce] = ['ab'.repeat(16), 'cd'.repeat(16)];
  const hello = {
    t: 'hello',
    version: contractVersion,
    run,
    participant,
    instance,
    peer,
    nonce,
    resumes: false,
    state,
  };
  await session.send({ lane: 'control', parts: encodeFrame(hello) }, never());
  const next = await session.frames()[Symbol.asyncIterator]().next();
  const frame = next.done === true ? null : decodeFrame(next.value.parts);
  return frame?.ok === true ? frame.value.header : null;
}

/**
 * Cuts the session each time that so many messages, or largest chunks' worth of bytes, have been received.
 */
function cutAt(
  ends: LinkEnds,
  reports: WatchingReporter,
  when: { readonly kind: string; readonly at: readonly number[] },
): void {
  const places = [...when.at];
  let received = 0;
  reports.onPacket = ({ kind, side, bodyBytes }) => {
    if (kind !== when.kind || side !== 'received') return;
    // Chunks change their size with the round trip, which a busy machine makes long.
    received += kind === 'chunk' ? bodyBytes / chunkBytes : 1;
    if (received < (places[0] ?? Infinity)) return;
    places.shift();
    ends.cut();
  };
}

async function sendNumbered(link: LinkPair['coordinator'], first: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await link.send(progressMessage(first + i), never());
}

/** Resolves once a frame of this kind has been received. */
async function packetOf(reports: WatchingReporter, kind: string): Promise<void> {
  const isThere = (): boolean => reports.ofKind(kind).some(({ side }) => side === 'received');
  const { promise, resolve } = Promise.withResolvers<void>();
  reports.onPacket = () => isThere() && resolve();
  if (!isThere()) await promise;
  reports.onPacket = () => undefined;
}

/** Resolves with the reason when a link has come to this state. */
function stateOf(reports: WatchingReporter, state: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const event = reports.event.bind(reports);
  reports.event = (type, data) => {
    event(type, data);
    const told = reports.ofType('link_state').at(-1);
    if (told?.state === state) resolve(told.reason);
  };
  return promise;
}

/** One control message at a time to and fro until the model has come; how many were answered before. */
async function answerUntilModel(pair: LinkPair): Promise<{ readonly message: Message; readonly answered: number }> {
  let model: Message | null = null;
  const echo = (async () => {
    while (model === null) {
      const [message] = await take(pair.up, 1);
      if (message?.payload === undefined) await pair.coordinator.send(progressMessage(1), never());
      else model = message;
    }
  })();
  let answered = 0;
  while (model === null) {
    await pair.participant.send(progressMessage(answered), never());
    await Promise.race([pair.down.next(), echo]);
    if (model === null) answered++;
    // In memory both ends answer without the event loop, which would starve the timers that deliver the model.
    await delay(0);
  }
  await echo;
  return { message: model, answered };
}

/** As `modelMessage`, made in a moment: a block of bytes that repeats, with its place in each. */
function largeMessage(byteCount: number): Outgoing {
  const block = modelMessage(MB).payload?.bytes ?? new Uint8Array(0);
  const bytes = Buffer.allocUnsafe(byteCount);
  for (let at = 0; at < byteCount; at += MB) {
    bytes.set(block.subarray(0, Math.min(MB, byteCount - at)), at);
    bytes.writeUInt32BE(at, at);
  }
  return {
    kind: 'global_model',
    round: 1,
    body: { purpose: 'train' },
    payload: { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, byteCount), hash: hashBytes(bytes) },
  };
}
