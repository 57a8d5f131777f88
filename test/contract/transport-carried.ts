import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { timing } from '#shared/contract/limits.ts';
import { laneName } from '#engine/transport/credited/lane-name.ts';
import type { Lane, Session } from '#engine/transport/transport.ts';
import { until } from '#test/support/until.ts';
import type { TransportHarness } from './harness.ts';
import type { Carried, Tap } from './security-claims.ts';
import { bytesOf, never, reader } from './session-frames.ts';
import { coordinatorIdentity, patience, run, type Pair } from './session-pair.ts';

const secret = Buffer.from('nobody in between reads these words, however often they pass');

/** What holds where somebody else carries the pieces, against whoever that is, and against others at the same place. */
export function describeCarried(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  const openTap = async (both: Pair): Promise<Tap | string> => {
    const tap = harness().security?.tap ?? { missing: 'its connections are its own, proved and encrypted by TLS' };
    if (typeof tap !== 'function') return tap.missing;
    const { stream } = await send(both.near, 'control', 1);
    return await tap({ endpoints: both.listening.listener.endpoints, participant: 'node-1', run, stream });
  };

  test('who carries it reads nothing of what is sent', patience, async (t) => {
    await using both = await pair();
    const opened = await openTap(both);
    if (typeof opened === 'string') return void t.skip(opened);
    await using tap = opened;
    await untilHeard(both, tap);
    for (const { content } of tap.heard()) assert.ok(!content.includes(secret.subarray(0, 12)), 'it can be read');
  });

  test('who carries it learns no name of what is sent, from whatever stands beside the pieces', patience, async (t) => {
    const { wire } = harness().security ?? {};
    // From before the session is asked for.
    if (wire !== undefined) wire.kept = [];
    await using both = await pair();
    const opened = await openTap(both);
    if (typeof opened === 'string') return void t.skip(opened);
    await using tap = opened;
    await untilHeard(both, tap);
    const telling = 'c-1.update-of-node-1';
    for (const [from, to] of [
      [both.near, both.far],
      [both.far, both.near],
    ] as const) {
      const { stream } = await send(from, `bulk:${telling}`, 2);
      assert.doesNotMatch(stream, /update/, 'nor do we show one that is not on the way');
      assert.deepEqual(
        (await take(to, 1)).map(({ lane }) => lane),
        [`bulk:${telling}`],
      );
    }
    const lanes = new Set(tap.heard().map(({ lane }) => lane));
    for (const lane of lanes) assert.match(lane, /^(control|session|bulk:\d+)$/);
    for (const { content } of tap.heard()) assert.ok(!content.includes('update-of'));
    if (wire?.kept == null) return;
    const all = Buffer.concat(wire.kept);
    wire.kept = null;
    assert.ok(all.byteLength > 1000 && all.includes('node-1'), 'it has been kept');
    for (const word of [
      'update-of',
      'bulk:',
      'bulk/m',
      'bulk/c',
      'credit',
      '"ready"',
      '"here"',
      secret.toString().slice(0, 12),
    ])
      assert.ok(!all.includes(word), `"${word}" passed readable`);
    // Of identities the coordinator's alone, which who asks names.
    const peers = new Set(all.toString('latin1').match(/12D3KooW\w+/g));
    assert.deepEqual([...peers], [coordinatorIdentity.peerId]);
  });

  test(
    'what others put there is none of ours: changed, repeated, moved to another lane, sent back',
    patience,
    async (t) => {
      await using both = await pair();
      const opened = await openTap(both);
      if (typeof opened === 'string') return void t.skip(opened);
      await using tap = opened;
      await untilHeard(both, tap);
      const attacks = [...tap.heard()].flatMap(variants).filter(({ direction }) => tap.puts.includes(direction));
      assert.ok(attacks.length >= 8, `${attacks.length} attacks`);
      const before = refused(both);
      for (const attack of attacks) await tap.put(attack);
      await until(() => refused(both) >= before + attacks.length);
      for (const [from, to] of [
        [both.near, both.far],
        [both.far, both.near],
      ] as const) {
        await send(from, 'control', 3);
        await send(from, 'bulk:n', 3);
        const lanes = (await take(to, 2)).map(({ lane }) => lane);
        assert.deepEqual(lanes.toSorted(), ['bulk:n', 'control'], 'had anything come in, it would stand before these');
      }
    },
  );

  test('who says that one end is gone ends nothing while it is there', patience, async (t) => {
    await using both = await pair();
    const opened = await openTap(both);
    if (typeof opened === 'string') return void t.skip(opened);
    await using tap = opened;
    if (typeof tap.sayGone !== 'function') return void t.skip(tap.sayGone.missing);
    await take(both.far, 1);
    await tap.sayGone();
    await delay(timing.doubtMs + 500);
    for (const [from, to] of [
      [both.near, both.far],
      [both.far, both.near],
    ] as const) {
      await send(from, 'control', 3);
      assert.equal(bytesOf((await take(to, 1))[0]).at(-1), 3);
    }
  });
}

function send(session: Session, lane: Lane, mark: number): Promise<{ readonly stream: string }> {
  return session.send({ lane, parts: [secret, Uint8Array.of(mark)], last: lane !== 'control' }, never());
}

async function take(session: Session, count: number) {
  const frames = [];
  while (frames.length < count) {
    const { value } = await reader(session).next();
    assert.ok(value !== undefined, 'the session has ended');
    assert.ok(bytesOf(value).subarray(0, -1).equals(secret), 'a frame that nobody sent');
    frames.push(value);
  }
  return frames;
}

/**
 * Sends both ways until the tap has heard each kind of lane. Over DDS it has found a writer before that one has found it,
 * and what is sent until then passes it by.
 */
async function untilHeard({ near, far }: Pair, tap: Tap): Promise<void> {
  await take(far, 1);
  await until(async () => {
    for (const end of [near, far]) {
      await send(end, 'control', 2);
      await send(end, 'bulk:m', 2);
    }
    await take(far, 2);
    await take(near, 2);
    return tap.hears.every((direction) => carries(tap, direction, ['control', 'bulk:']));
  });
}

function carries(tap: Tap, direction: Carried['direction'], lanes: readonly string[]): boolean {
  return lanes.every((lane) =>
    tap.heard().some((known) => known.direction === direction && known.lane.startsWith(lane)),
  );
}

/** A message as others may put it there again. */
function variants(message: Carried): Carried[] {
  const { content, lane, direction } = message;
  const back = direction === 'up' ? 'down' : 'up';
  const flipped = Buffer.from(content);
  flipped[flipped.byteLength - 20] = (flipped[flipped.byteLength - 20] as number) ^ 1;
  // The next of its lane, by its number.
  const next = Buffer.from(content);
  next.writeUInt32BE(next.readUInt32BE(5) + 1, 5);
  const lanes: readonly Carried['lane'][] = lane === 'control' ? ['bulk:x', 'session'] : ['bulk:x', 'control'];
  const changed = [
    message,
    { ...message, content: flipped },
    { ...message, content: next },
    ...lanes.map((other) => ({ ...message, lane: other })),
  ];
  return [...changed, ...changed.map((each) => ({ ...each, direction: back }) as const)];
}

/** Messages that either end has turned away. */
function refused({ near, far }: Pair): number {
  const names = ['messages_foreign', 'samples_forged', 'duplicates_discarded', 'words_repeated'];
  return [near, far]
    .flatMap((session) => session.stats().counters)
    .filter(({ name }) => names.includes(name))
    .reduce((sum, { value }) => sum + value, 0);
}

/** A lane's name as brokers are told of it. */
export function carriedName(lane: Carried['lane']): string {
  return lane === 'session' ? lane : laneName(lane);
}
