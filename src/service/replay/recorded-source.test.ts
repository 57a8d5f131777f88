import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { entryPath } from '#engine/host/entries.ts';
import { openRecording, type OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { applyEvent } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { RecordedSource } from './recorded-source.ts';
import type { SourceRows } from '../windows/run-source.ts';

const told = { rounds: 6, stallInRound: 3 };
const session = recordedSession({ startAt: recordedStart, ...told });
const rethrow = (error: unknown): never => {
  throw error;
};

/** Of the machine that recorded. */
const stateKey = new Uint8Array(32).fill(7);

/** A source with a clock that goes by hand, and what it told. */
async function opened(
  path: string,
  key: Uint8Array | undefined = stateKey,
): Promise<{
  readonly source: RecordedSource;
  readonly clock: VirtualClock;
  readonly rows: SourceRows[];
  readonly replaced: () => number;
  /** How many events were read. */
  readonly eventsRead: () => number;
}> {
  const clock = new VirtualClock();
  const recorded = await openRecording(path, { entry: entryPath('recorder-worker'), stateKey: key });
  let eventsRead = 0;
  const recording: OpenedRecording = {
    ...recorded,
    events: async (query) => {
      const page = await recorded.events(query);
      eventsRead += page.events.length;
      return page;
    },
  };
  const source = new RecordedSource(recording, { clock, behind: () => null, onInternalError: rethrow });
  const rows: SourceRows[] = [];
  let replaced = 0;
  source.listen({
    replaced: () => void replaced++,
    rows: (some) => {
      rows.push(some);
      return Promise.resolve();
    },
    changed: () => undefined,
  });
  return { source, clock, rows, replaced: () => replaced, eventsRead: () => eventsRead };
}

/** Lets time go by, with each step done before the next. */
async function play(clock: VirtualClock, source: RecordedSource, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await clock.advance(100);
    await source.settled();
  }
}

function viewUntil(at: number): RunView | null {
  let view: RunView | null = null;
  for (const item of session) if ('event' in item && item.at <= at) view = applyEvent(view, item.event);
  return view;
}

/** Without what an empty view cannot know: a recording begins with one. */
function compared(view: RunView | null): unknown {
  return view === null ? null : { ...view, startedAt: 0 };
}

describe('a recording as a source', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-source-'));
  const path = join(folder, 'run.rscope');
  before(() => recordSession(path, told, undefined, stateKey));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('packets are counted up to the moment that is shown, forward and back', async () => {
    const { source } = await opened(path);
    await using _source = source;
    const packets = session.flatMap((item) => ('packet' in item ? [item.packet] : []));
    const { from, to } = source.state();
    for (const share of [1, 0.3, 0.7, 0.2]) {
      const at = from + share * (to - from);
      await source.seek(at);
      const { count, bars, complete } = await source.tallyPackets({ filter: '', bars: { to: at, count: 100 } });
      const expected = source.moment().packetsRecorded;
      assert.ok(expected > 0 && expected <= packets.length);
      assert.deepEqual([complete, count], [true, expected]);
      assert.equal(
        bars?.bins.flatMap(({ counts }) => counts).reduce((sum, n) => sum + n, 0),
        expected,
      );
    }
  });

  test('at any moment it is what the run was then, in whichever order the moments are asked for', async () => {
    const { source, replaced } = await opened(path);
    await using _source = source;
    const { from, to } = source.state();
    for (const share of [1, 0.5, 0.1, 0.9, 0.55, 0, 1]) {
      const at = from + (to - from) * share;
      await source.seek(at);
      assert.deepEqual(compared(source.moment().view), compared(viewUntil(at)), `at ${share}`);
      const { packets, packetsRecorded } = source.moment();
      const before = session.filter((item) => 'packet' in item && item.at <= at);
      assert.equal(packetsRecorded, before.length);
      assert.ok(packets.every((packet) => packet.at <= at));
    }
    assert.equal(replaced(), 7);
  });

  test('a kept state spares the events before it, and only where this machine has kept it', async () => {
    const { source, eventsRead } = await opened(path);
    await using _source = source;
    await source.seek(Number.POSITIVE_INFINITY);
    assert.deepEqual(compared(source.moment().view), compared(viewUntil(Number.POSITIVE_INFINITY)));
    assert.ok(eventsRead() < 10, `${eventsRead()} events were read for a state that is kept`);
    for (const key of [new Uint8Array(32).fill(8), undefined]) {
      const elsewhere = await opened(path, key ?? new Uint8Array());
      await using _elsewhere = elsewhere.source;
      await elsewhere.source.seek(Number.POSITIVE_INFINITY);
      assert.deepEqual(compared(elsewhere.source.moment().view), compared(viewUntil(Number.POSITIVE_INFINITY)));
      assert.equal(elsewhere.eventsRead(), session.filter((item) => 'event' in item).length);
    }
  });

  test('where a clock was set back it says so, shows all that came, and nothing of it before it came', async () => {
    const back = 3600_000;
    const odd = join(folder, 'set-back.rscope');
    const turn = session[Math.floor(session.length / 2)]?.at ?? 0;
    await recordSession(odd, told, (at) => (at < turn ? at : at - back), stateKey);
    const { source } = await opened(odd);
    await using _source = source;
    await source.seek(Number.POSITIVE_INFINITY);
    const { from, to, ending } = source.state();
    assert.match(ending, /A clock was set back by 1 h at \d\d:\d\d:\d\d: /);
    assert.equal(source.moment().packetsRecorded, session.filter((item) => 'packet' in item).length);
    assert.equal(source.moment().view?.verdicts.length, recordedView(1e6, told).verdicts.length);
    assert.ok(to >= turn - 5000, 'its end is the latest time, not that of the last row');
    const at = from + (to - from) / 2;
    await source.seek(at);
    assert.equal(
      source.moment().packetsRecorded,
      session.filter((item) => 'packet' in item && item.at <= at).length,
      'none of those that came after the clock was set back',
    );
  });

  test('its verdicts are those of the run', async () => {
    const { source } = await opened(path);
    await using _source = source;
    await source.seek(Number.POSITIVE_INFINITY);
    const live = recordedView(1e6, told);
    assert.ok(live.verdicts.length > 0);
    assert.deepEqual(source.moment().view?.verdicts, live.verdicts);
    const { verdicts, rounds } = await source.marks();
    assert.deepEqual(
      verdicts.map(({ sentence }) => sentence),
      live.verdicts.map(({ sentence }) => sentence),
    );
    assert.deepEqual(
      rounds.map(({ round, from }) => [round, from]),
      live.rounds.map(({ round, startedAt }) => [round, startedAt]),
    );
  });

  test('played, it tells every row once and in order, as fast as it is asked to', async () => {
    const { source, clock, rows } = await opened(path);
    await using _source = source;
    const { from } = source.state();
    await source.seek(from);
    source.play({ playing: true, speed: 10 });
    await play(clock, source, 2000);
    source.play({ playing: false });
    const { clock: now } = source.state();
    assert.ok(Math.abs(now.at - from - 20_000) < 1500, `20 s of the run in 2 s, not ${now.at - from} ms`);
    const seen = rows.flatMap(({ events }) => events.map(({ id }) => id));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.deepEqual(compared(source.moment().view), compared(viewUntil(now.at)));
    const packets = rows.flatMap((some) => some.packets.map(({ id }) => id));
    assert.equal(new Set(packets).size, packets.length);
    assert.equal(
      source.moment().packetsRecorded,
      session.filter((item) => 'packet' in item && item.at <= now.at).length,
    );
  });

  test('a window that is slow makes it slow, and loses nothing', async () => {
    const { source, clock } = await opened(path);
    await using _source = source;
    await source.seek(source.state().from);
    const room = Promise.withResolvers<void>();
    source.listen({ replaced: () => undefined, changed: () => undefined, rows: () => room.promise });
    source.play({ playing: true, speed: 100 });
    await play(clock, source, 1000);
    const { at } = source.state().clock;
    await play(clock, source, 3000);
    assert.equal(source.state().clock.at, at, 'it waits');
    room.resolve();
    await play(clock, source, 1000);
    assert.ok(source.state().clock.at > at, 'it goes on');
    source.play({ playing: false });
  });

  test('it stands at its end, and begins again when it is played there', async () => {
    const { source, clock } = await opened(path);
    await using _source = source;
    const { from, to } = source.state();
    await source.seek(to - 50);
    source.play({ playing: true, speed: 1 });
    await play(clock, source, 500);
    assert.deepEqual([source.state().clock, source.state().playing], [{ at: to, rate: 0 }, false]);
    source.play({ playing: true });
    await source.settled();
    assert.ok(source.state().clock.at < from + 1000);
    source.play({ playing: false });
  });

  test('steps go to rounds, verdicts and events, both ways', async () => {
    const { source } = await opened(path);
    await using _source = source;
    const { from } = source.state();
    const { rounds, verdicts } = await source.marks();
    await source.seek(from);
    await source.step({ to: 'verdict', forward: true });
    assert.equal(source.state().clock.at, verdicts[0]?.from);
    assert.equal(source.moment().view?.verdicts.length, 1);
    await source.step({ to: 'round', forward: false });
    assert.equal(source.state().clock.at, rounds.findLast((one) => one.from < (verdicts[0]?.from ?? 0))?.from);
    const before = source.moment().view;
    await source.step({ to: 'event', forward: true });
    assert.notEqual(source.moment().view, before);
    await source.step({ to: 'event', forward: false });
    assert.deepEqual(source.moment().view?.rounds, before?.rounds);
  });

  test('of moments that are asked for together the newest counts, and all are answered', async () => {
    const { source, replaced } = await opened(path);
    await using _source = source;
    const { from, to } = source.state();
    await Promise.all([0.2, 0.4, 0.6, 0.8].map((share) => source.seek(from + (to - from) * share)));
    assert.equal(source.state().clock.at, from + (to - from) * 0.8);
    assert.ok(replaced() < 4);
  });

  test('what comes after the moment that is shown is told by no question', async () => {
    const { source } = await opened(path);
    await using _source = source;
    const { from, to } = source.state();
    const at = from + (to - from) / 2;
    await source.seek(at);
    const { rows } = await source.queryPackets({ filter: '', beforeId: 0, limit: 5000 });
    assert.ok(rows.length > 0 && rows.every((row) => row.at <= at));
    const last = session.findLast((item) => 'packet' in item);
    assert.ok(last !== undefined && 'packet' in last);
    assert.equal(await source.packetDetail(last.packet.id), null);
  });
});
