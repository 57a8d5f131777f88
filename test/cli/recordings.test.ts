import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { decodePortMessage } from '#shared/port/wire.ts';
import { keyOf, openPort } from '#test/support/page/open-address.ts';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import { assertComplaint, Command, roundscope, temporaryFolder } from './command-line.ts';

const rounds = 4;
/** So many that its packets are more than one page. */
const healthyRounds = 12;

describe('recordings in the terminal', () => {
  const dataFolder = temporaryFolder();
  const folder = join(dataFolder, 'recordings');
  const healthy = join(folder, '2026-01-04-120000-r-7f3a2c.sqlite');
  const stalled = join(folder, '2026-01-05-120000-r-7f3a2c.sqlite');
  before(async () => {
    mkdirSync(folder, { recursive: true });
    await recordSession(healthy, { rounds: healthyRounds });
    await recordSession(stalled, { rounds, stallInRound: 2 });
  });
  after(() => rmSync(dataFolder, { recursive: true, force: true }));

  test('runs lists what lies in the data folder, and says of a file that cannot be opened why', async () => {
    const foreign = join(folder, '2026-01-03-foreign.sqlite');
    writeFileSync(foreign, 'no database at all, but of some length so that SQLite looks at it: '.repeat(20));
    const { status, lines } = await roundscope(['runs', '--json'], { dataFolder });
    assert.equal(status, 0);
    const [newest, older, unreadable] = lines;
    const view = recordedView(1e6, { rounds, stallInRound: 2 });
    assert.deepEqual(
      [newest?.event, newest?.['path'], newest?.['rounds_completed'], newest?.['participants'], newest?.['verdicts']],
      ['recording', stalled, view.rounds.filter(({ state }) => state === 'done').length, 4, view.verdicts.length],
    );
    assert.ok(view.verdicts.length > 0);
    assert.equal(newest?.['accuracy'], view.rounds.findLast(({ state }) => state === 'done')?.accuracy);
    assert.deepEqual([older?.['path'], older?.['verdicts'], older?.['status']], [healthy, 0, 'completed']);
    assert.deepEqual(older?.['transports'], [
      { transport: 'quic', participants: 3 },
      { transport: 'mqtt', participants: 1 },
    ]);
    assert.equal(unreadable?.event, 'unreadable');
    assert.match(JSON.stringify(unreadable), /"code":"recording_invalid"/);
    const { stdout } = await roundscope(['runs'], { dataFolder });
    assert.match(stdout, /12\/12 .*quic 3, mqtt 1/);
    assert.match(stdout, /foreign\.sqlite\n {2}cannot be opened: /);
    rmSync(foreign);
  });

  test('runs calls a recording what its user called it, and says what they noted', async () => {
    writeFileSync(`${healthy}.notes`, JSON.stringify({ name: 'lecture 3', note: 'from round 4 on', pinned: true }));
    const { lines } = await roundscope(['runs', '--json'], { dataFolder });
    const named = lines.find((line) => line['path'] === healthy);
    assert.deepEqual(
      [named?.['name'], named?.['run_name'] !== 'lecture 3', named?.['note'], named?.['pinned']],
      ['lecture 3', true, 'from round 4 on', true],
    );
    const { stdout } = await roundscope(['runs'], { dataFolder });
    assert.match(stdout, /^lecture 3 [^]*\n {2}pinned\n {2}from round 4 on\n/m);
    rmSync(`${healthy}.notes`);
  });

  test('without a recording, runs says where it looked', async () => {
    const { status, stdout, stderr } = await roundscope(['runs']);
    assert.deepEqual([status, stdout], [0, '']);
    assert.match(stderr, /no recording in /);
  });

  test('diagnose names the verdicts of the run as it was, and its exit status tells whether there are any', async () => {
    const view = recordedView(1e6, { rounds, stallInRound: 2 });
    const told = await roundscope(['diagnose', stalled, '--json']);
    assert.equal(told.status, 3);
    assert.deepEqual(
      told.lines
        .filter(({ event }) => event === 'verdict')
        .map(({ id, rule, subject, sentence }) => [id, rule, subject, sentence]),
      view.verdicts.map(({ verdict, rule, subject, sentence }) => [verdict, rule, subject, sentence]),
    );
    assert.deepEqual([told.summary.event, told.summary['verdicts' as never]], ['summary', view.verdicts.length]);
    const words = await roundscope(['diagnose', stalled]);
    assert.equal(words.status, 3);
    assert.ok(words.stdout.includes(view.verdicts[0]?.sentence ?? 'none'));
    assert.match(words.stdout, /packet:\d+/);
    const fine = await roundscope(['diagnose', healthy]);
    assert.equal(fine.status, 0);
    assert.match(fine.stdout, /No verdict[^]*Diagnosed again from what was recorded: the same\./);
    // This run never was: its verdict was written by hand, and the rules see something else in its rows.
    assert.match(words.stdout, /not the same:\n {2}not said any more: .*\n {2}said now: .*node-3/);
  });

  test('packets are printed oldest first as the filter lets them through', async () => {
    const all = await roundscope(['packets', healthy, '--json']);
    const ids = all.lines.map((line) => Number(line['id']));
    assert.ok(ids.length > 1000, 'more than one page');
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    const undelivered = await roundscope(['packets', stalled, 'status == undeliverable', '--json']);
    assert.ok(undelivered.lines.length > 0);
    assert.ok(undelivered.lines.every((line) => line['status'] === 'undeliverable' && line.event === 'packet'));
    const plain = await roundscope(['packets', stalled, 'status == undeliverable']);
    assert.equal(plain.stdout.trimEnd().split('\n').length, undelivered.lines.length);
  });

  test('of a file that was cut each command tells what is there, and says what is missing', async () => {
    const path = join(dataFolder, 'half.rscope');
    copyFileSync(healthy, path);
    truncateSync(path, 300_000);
    const cut = /This file was cut: 300 kB of .* are there\. What was recorded after \d\d:\d\d:\d\d is missing\./;
    const packets = await roundscope(['packets', path, '--json']);
    assert.equal(packets.status, 0);
    assert.match(packets.stderr, cut);
    assert.ok(packets.lines.length > 100);
    const diagnosed = await roundscope(['diagnose', path]);
    assert.match(diagnosed.stdout, cut);
    const copy = join(dataFolder, 'of-half.rscope');
    const exported = await roundscope(['export', path, copy]);
    assert.equal(exported.status, 0, exported.stderr);
    assert.equal((await roundscope(['packets', copy, '--json'])).stdout, packets.stdout);
  });

  test('packets prints the fields that are asked for, by their names or those of the filter, and refuses others', async () => {
    const { stdout, status } = await roundscope([
      'packets',
      stalled,
      'kind == register',
      '--fields',
      'packet,from,kind,size',
    ]);
    assert.equal(status, 0);
    const [first = ''] = stdout.split('\n');
    assert.match(first, /^\d+\tnode-\d\tregister\t\d+$/);
    const json = await roundscope(['packets', stalled, 'kind == register', '--fields', 'size_bytes,kind', '--json']);
    assert.deepEqual(Object.keys(json.lines[0] ?? {}), ['size_bytes', 'kind']);
    const wrong = await roundscope(['packets', stalled, '--fields', 'kind,siez']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /no field "siez". Did you mean size\?/);
  });

  test('packets that follow go on with what is recorded, until the run has ended', async () => {
    const path = join(dataFolder, 'live.rscope');
    const rows = [...recordedSession({ startAt: recordedStart, rounds: 2 })];
    const half = Math.floor(rows.length / 2);
    const recorder = await openRecorder({
      path,
      run: 'r-7f3a2c',
      recorder: '0.1.0',
      entry: entryPath('recorder-worker'),
      clock: systemClock,
      queueMax: 1_000_000,
    });
    const record = (some: typeof rows): void => {
      for (const item of some) {
        if ('event' in item) recorder.event(item.event);
        else recorder.packet({ ...item.packet, header: '{}' });
      }
    };
    record(rows.slice(0, half));
    await recorder.flush();
    await using command = new Command(['packets', path, '--follow', '--json']);
    await command.until(/Waiting for what is recorded next/);
    record(rows.slice(half));
    await recorder.close();
    const { status, stdout } = await command.exit();
    assert.equal(status, 0);
    assert.equal(stdout.trimEnd().split('\n').length, rows.filter((item) => 'packet' in item).length);
  });

  test('export writes rows for other tools: all in order of time, or the packets as a table', async () => {
    const lines = await roundscope(['export', stalled, '--format', 'jsonl']);
    assert.equal(lines.status, 0);
    const times = lines.lines.map((line) => Number(line['at']));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(lines.lines.some(({ event }) => event === 'round_ended'));
    const packets = await roundscope(['packets', stalled, '--json']);
    assert.deepEqual(
      lines.stdout.split('\n').filter((line) => line.startsWith('{"event":"packet"')),
      packets.stdout.trimEnd().split('\n'),
    );
    const table = join(dataFolder, 'packets.csv');
    const csv = await roundscope(['export', stalled, '--format', 'csv', '--out', table]);
    assert.deepEqual([csv.status, csv.stdout], [0, '']);
    const [heads = '', ...rows] = readFileSync(table, 'utf8').trimEnd().split('\r\n');
    assert.match(heads, /^id,at,source,.*,from,to,layer,.*,dds\.transfer$/);
    assert.equal(rows.length, packets.lines.length);
    assertComplaint(await roundscope(['export', stalled, '--format', 'csv', '--out', table]), 1, /exists already/);
    for (const wrong of [['--format', 'xml'], ['--format', 'csv', '--bare'], []])
      assert.equal((await roundscope(['export', stalled, ...wrong])).status, 2, wrong.join(' '));
  });

  test('a reader that has heard enough ends it without a word', async () => {
    await using command = new Command(['packets', healthy], { pipeTo: 'head -n 2' });
    const { stdout, stderr } = await command.exit();
    assert.deepEqual([stdout.trimEnd().split('\n').length, stderr], [2, '']);
  });

  test('an error in a filter is told with its place, before anything is opened', async () => {
    const wrong = await roundscope(['packets', stalled, 'kind == ']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /error at character \d+: /);
  });

  test('where the app runs already, replay leads to it, and its next window shows the recording', async () => {
    await using app = new Command(['serve', '--idle', '--no-open']);
    await app.until(/\?token=\S+\n/);
    const { status, stdout } = await roundscope(['replay', stalled, '--no-open'], { dataFolder: app.dataFolder });
    assert.equal(status, 0);
    const address = new URL(stdout.trim());
    const socket = openPort(address.origin, (await keyOf(address)) ?? '');
    const shown = await new Promise<string>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const message = decodePortMessage(data.toString('utf8'), limits.portMessageBytesMax * 64);
        const { source } = (message.ok ? message.value : {}) as { source?: { kind: string; path: string } };
        if (source?.kind === 'recording') resolve(source.path);
      });
    });
    socket.close();
    assert.equal(shown, stalled);
  });

  const bad: Readonly<Record<string, readonly [(path: string) => void, RegExp]>> = {
    'no file': [() => undefined, /unable to open|no such file/],
    'a foreign database': [foreignDatabase, /is not a recording of Roundscope/],
    'a later version': [laterVersion, /later version of Roundscope \(format 99/],
  };
  for (const [what, [make, words]] of Object.entries(bad)) {
    test(`${what} is refused in words by each command`, async () => {
      const path = join(dataFolder, `${what.replaceAll(' ', '-')}.sqlite`);
      make(path);
      for (const command of ['packets', 'diagnose']) assertComplaint(await roundscope([command, path]), 1, words);
    });
  }

  function foreignDatabase(path: string): void {
    using db = new DatabaseSync(path);
    db.exec('CREATE TABLE packets (id INTEGER PRIMARY KEY)');
  }
  function laterVersion(path: string): void {
    copyFileSync(healthy, path);
    using db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
  }
});
