import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { limits } from '#shared/contract/limits.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { projectionVersion } from '#shared/run-view/projection-version.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { eventOfRun, nothingLost } from '#test/support/recorded/recorded-rows.ts';
import { makeOlder } from '#test/support/older-recording.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { beginningOf, stateAfter, type FoldedState } from './folded-state.ts';
import { RecordingReader } from './reading/reader.ts';
import { StateKeeper } from './state-keeper.ts';
import { openState, sealState } from './state-seal.ts';
import { RecordingWriter, type WriterOptions } from './writing/writer.ts';

const key = new Uint8Array(32).fill(7);
const limit = { clock: systemClock, ms: 60_000 };
const events = recordedSession({ startAt: recordedStart, rounds: 6, stallInRound: 3 }).flatMap((item) =>
  'event' in item ? [item.event] : [],
);
const run = events[0]?.run ?? '';
const folder = mkdtempSync(join(tmpdir(), 'roundscope-states-'));
let files = 0;
after(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  readonly rows?: readonly RecordedEvent[];
  readonly bytesMax?: number;
  readonly path?: string;
  readonly over?: Partial<WriterOptions>;
}

function opened({ bytesMax = 1e9, path = join(folder, `r-${++files}.rscope`), over = {} }: Asked): {
  readonly writer: RecordingWriter;
  readonly path: string;
} {
  const writer = new RecordingWriter({
    path,
    run,
    startedAt: 0,
    recorder: 'test',
    sizeBytesMax: 1e9,
    mode: 'create',
    ...over,
  });
  writer.keepStates((db) => new StateKeeper(db, { run, key, bytesMax }));
  return { writer, path };
}

function write(writer: RecordingWriter, rows: readonly RecordedEvent[]): void {
  for (let i = 0; i < rows.length; i += 20) {
    writer.write({ events: rows.slice(i, i + 20), packets: [], lost: nothingLost });
  }
}

function recorded(asked: Asked = {}): string {
  const { writer, path } = opened(asked);
  using _writer = writer;
  write(writer, asked.rows ?? events);
  return path;
}

function kept(path: string): readonly { readonly event: number; readonly dueAt: number; readonly bytes: number }[] {
  using db = new DatabaseSync(path, { readOnly: true });
  return db
    .prepare('SELECT event, due_at, length(state) AS bytes FROM states ORDER BY event')
    .all()
    .map((row) => ({ event: Number(row['event']), dueAt: Number(row['due_at']), bytes: Number(row['bytes']) }));
}

function foldedUntil(eventId: number): FoldedState {
  let state = beginningOf(run, events[0]?.at ?? 0);
  for (const event of events) if (event.id <= eventId) state = stateAfter(state, event);
  return state;
}

/** As it comes out of JSON. */
function plain(view: RunView | undefined): unknown {
  return JSON.parse(JSON.stringify(view));
}

function changed(sql: string): RecordingReader {
  const path = recorded();
  {
    using db = new DatabaseSync(path);
    db.exec(sql);
  }
  return new RecordingReader(path, limit, key);
}

describe('states that are kept', () => {
  test('each is what the events until it fold to, every few seconds and at the end', () => {
    const path = recorded();
    const states = kept(path);
    assert.ok(states.length > 5);
    assert.equal(states.at(-1)?.event, events.at(-1)?.id);
    using reader = new RecordingReader(path, limit, key);
    for (const { event, dueAt } of states) {
      const state = reader.keptState({ eventId: event });
      const expected = foldedUntil(event);
      assert.deepEqual([state?.eventId, state?.dueAt], [event, dueAt]);
      assert.deepEqual(plain(state?.view), plain(expected.view));
      assert.equal(reader.keptState({ at: dueAt })?.dueAt, dueAt);
    }
    assert.equal(reader.keptState({ at: (events[0]?.at ?? 0) - 1 }), null);
    for (const [i, { dueAt }] of states.slice(1, -1).entries()) assert.ok(dueAt - (states[i]?.dueAt ?? 0) >= 5000);
  });

  test('one that this machine did not keep, or not of these events, is not there', () => {
    const path = recorded();
    using stranger = new RecordingReader(path, limit, new Uint8Array(32).fill(8));
    assert.equal(stranger.keptState({}), null);
    using keyless = new RecordingReader(path, limit);
    assert.equal(keyless.keptState({}), null);
    const last = '(SELECT max(event) FROM states)';
    for (const sql of [
      `UPDATE states SET state = (SELECT state FROM states LIMIT 1) WHERE event = ${last}`,
      `UPDATE states SET due_at = due_at - 1 WHERE event = ${last}`,
      `UPDATE states SET event_hash = zeroblob(32) WHERE event = ${last}`,
      `UPDATE states SET projection = projection + 1`,
      `UPDATE states SET seal = zeroblob(3) WHERE event = ${last}`,
      `UPDATE events SET at = at + 1 WHERE id = ${last}`,
      `DELETE FROM events WHERE id = ${last}`,
      `DELETE FROM states WHERE event <> ${last}; UPDATE states SET event = event - 1`,
    ]) {
      using reader = changed(sql);
      assert.equal(reader.keptState({}), null, sql);
    }
  });

  test('they stay within number and bytes, over all of the run', () => {
    const apart = 6000;
    const many = Array.from({ length: 2 * limits.keptStatesMax + 100 }, (_, i) => eventOfRun(i + 1, 1e12 + i * apart));
    const path = join(folder, 'many.rscope');
    {
      const { writer } = opened({ path });
      using _writer = writer;
      for (const event of many) writer.write({ events: [event], packets: [], lost: nothingLost });
    }
    const states = kept(path);
    assert.ok(states.length <= limits.keptStatesMax && states.length > limits.keptStatesMax / 4, `${states.length}`);
    const gaps = states.slice(1).map(({ dueAt }, i) => dueAt - (states[i]?.dueAt ?? 0));
    assert.ok(Math.max(...gaps) <= 8 * apart, `${Math.max(...gaps)}`);
    assert.ok((states[0]?.dueAt ?? 0) < 1e12 + 8 * apart);
    assert.equal(states.at(-1)?.event, many.length);
    const small = kept(recorded({ bytesMax: 20_000 }));
    assert.ok(small.reduce((sum, { bytes }) => sum + bytes, 0) <= 20_000);
    assert.ok(small.length > 0);
  });

  test('one of another projection is not there', () => {
    const state = foldedUntil(100);
    for (const [version, isThere] of [
      [projectionVersion, true],
      [projectionVersion + 1, false],
      [projectionVersion - 1, false],
    ] as const) {
      const row = sealState(state, [100], key, version);
      assert.ok(row !== null);
      assert.equal(openState(row, [100], key) !== null, isThere);
    }
  });

  test('what is kept is of another projection, where the fold of the same events is another', () => {
    const { view } = foldedUntil(Number.MAX_SAFE_INTEGER);
    const hash = createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16);
    assert.deepEqual(
      [projectionVersion, hash],
      [2, '6fa2826e8c098945'],
      'the fold (or the run of this test) has changed: raise projectionVersion, so that states kept before are folded anew, and put both here',
    );
  });

  test('rows that the disk refused are in no state', () => {
    const [third, two] = [Math.floor(events.length / 3), Math.floor((2 * events.length) / 3)];
    const parts = [events.slice(0, third), events.slice(third, two), events.slice(two)];
    const { writer, path } = opened({ over: { failures: { commits: [2] } } });
    {
      using _writer = writer;
      for (const [i, part] of parts.entries()) {
        const written = (): void => writer.write({ events: part, packets: [], lost: nothingLost });
        if (i === 1) assert.throws(written);
        else written();
      }
    }
    using reader = new RecordingReader(path, limit, key);
    let state = beginningOf(run, events[0]?.at ?? 0);
    for (const event of [...(parts[0] ?? []), ...(parts[2] ?? [])]) state = stateAfter(state, event);
    assert.deepEqual(plain(reader.keptState({})?.view), plain(state.view));
  });

  test('after its own crash the recorder goes on from what is there', () => {
    const half = Math.floor(events.length / 2);
    const path = recorded({ rows: events.slice(0, half - 3) });
    {
      using db = new DatabaseSync(path);
      db.exec('DELETE FROM states WHERE event = (SELECT max(event) FROM states)');
    }
    recorded({ path, rows: events.slice(half - 3), over: { mode: 'continue' } });
    using reader = new RecordingReader(path, limit, key);
    const state = reader.keptState({});
    assert.equal(state?.eventId, events.at(-1)?.id);
    assert.deepEqual(plain(state?.view), plain(foldedUntil(Number.MAX_SAFE_INTEGER).view));
  });

  test('where the oldest events were let go, the state before what is left stays', () => {
    const path = recorded({ over: { sizeBytesMax: 200_000 }, bytesMax: 40_000 });
    using reader = new RecordingReader(path, limit, key);
    const { removedEvents } = reader.info();
    assert.ok(removedEvents > 0);
    const first = reader.events({ afterId: 0, limit: 1 }).events[0];
    const state = reader.keptState({ eventId: (first?.id ?? 0) - 1 });
    assert.ok(state !== null && state.eventId <= removedEvents);
    assert.deepEqual(plain(state.view), plain(foldedUntil(state.eventId).view));
  });

  test('rounds and contributions are rows that say what the view says', () => {
    const path = recorded();
    const { view } = foldedUntil(Number.MAX_SAFE_INTEGER);
    using db = new DatabaseSync(path, { readOnly: true });
    const rounds = db.prepare('SELECT round, state, accuracy, counted FROM rounds ORDER BY round').all();
    assert.deepEqual(
      rounds.map((row) => ({ ...row })),
      view.rounds.map(({ round, state, accuracy, updates }) => ({
        round,
        state,
        accuracy,
        counted: updates.filter(({ counted }) => counted).length,
      })),
    );
    const contributions = db.prepare('SELECT round, participant, share FROM contributions ORDER BY id').all();
    assert.deepEqual(
      contributions.map((row) => ({ ...row })),
      view.rounds.flatMap(({ round, updates }) =>
        updates.map(({ participant, share }) => ({ round, participant, share })),
      ),
    );
    assert.ok(contributions.length > 10);
  });

  test('a recording of format 2 opens, has no states, and its copy is one of today', () => {
    const path = recorded();
    makeOlder(path, 2);
    using reader = new RecordingReader(path, limit, key);
    assert.equal(reader.keptState({}), null);
    assert.equal(reader.info().events, events.length);
    const to = join(folder, 'of-format-2.rscope');
    reader.saveCopy(to, {});
    using copy = new RecordingReader(to, limit, key);
    assert.equal(copy.info().events, events.length);
    assert.equal(copy.keptState({}), null);
  });

  test('a copy has the rounds, and no states', () => {
    using reader = new RecordingReader(recorded(), limit, key);
    const to = join(folder, 'copy.rscope');
    reader.saveCopy(to, { bare: true });
    assert.equal(kept(to).length, 0);
    using db = new DatabaseSync(to, { readOnly: true });
    assert.equal(db.prepare('SELECT count(*) AS n FROM rounds').get()?.['n'], foldedUntil(1e9).view.rounds.length);
  });
});
