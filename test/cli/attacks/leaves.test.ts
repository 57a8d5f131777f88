import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { toldCount } from '#shared/base/text/told-count.ts';
import { whatLeaves } from '#shared/contract/app/what-leaves.ts';
import { fromWireNames } from '#shared/contract/wire-names.ts';
import { assertComplaint, Command, roundscope, temporaryFolder } from '../command-line.ts';
import { coordinate } from '../federation.ts';
import { writeImageFolder } from '../participant/image-folder.ts';

const root = temporaryFolder();
after(() => rmSync(root, { recursive: true, force: true }));

/** What is a participant's own: the name of its folder, of a class in it, of a file. */
const own = { folder: 'aunt-mathilda-4711', class: 'Cousin Anton', file: 'birthday-party' };

function ownFolder(): string {
  const path = joinPath(root, own.folder);
  writeImageFolder(path, { names: { top: own.class, middle: 'middle', bottom: 'bottom' }, side: 18 });
  writeFileSync(joinPath(path, 'middle', `${own.file}.png`), 'once a picture');
  return path;
}

function recordingsIn(dataFolder: string): string[] {
  return readdirSync(joinPath(dataFolder, 'recordings'))
    .filter((name) => name.endsWith('.rscope'))
    .map((name) => joinPath(dataFolder, 'recordings', name));
}

/** Paths of all values in a header as it was sent. */
function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => pathsIn(item, path)))];
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([name, field]) => pathsIn(field, `${path}.${name}`));
}

/** Every field that came from participants, as the coordinator's recording has it. */
function receivedFields(path: string): Set<string> {
  using db = new DatabaseSync(path, { readOnly: true });
  const sql =
    "SELECT header FROM packets JOIN bodies ON packet = id WHERE direction = 'up' AND side = 'received' AND header <> ''";
  const found = new Set<string>();
  for (const { header } of db.prepare(sql).iterate()) {
    const frame = fromWireNames(JSON.parse(String(header))) as Record<string, unknown>;
    const { header: message, ...rest } = frame as { header?: Record<string, unknown>; t: string };
    for (const field of pathsIn(rest, `link ${rest.t}`)) found.add(field);
    if (message === undefined) continue;
    const { body, ...envelope } = message;
    for (const field of pathsIn(envelope, 'envelope')) found.add(field);
    for (const field of pathsIn(body, String(message['kind']))) found.add(field);
  }
  return found;
}

interface Joined {
  readonly participant: string;
  readonly data: {
    readonly source: string;
    readonly examples: number;
    readonly held_out: number;
    readonly class_counts: readonly number[];
    readonly skipped: number;
  };
}

describe('what leaves a participant', () => {
  const data = joinPath(root, 'run-data');
  writeImageFolder(data);
  const mine = ownFolder();

  async function run(
    more: readonly string[],
  ): Promise<{ joined: Joined; recording: string; dataFolder: string; end: () => Promise<void> }> {
    const coordinator = await coordinate(['--participants', '1', '--rounds', '2', '--data', data]);
    const options = ['--data', mine, '--map', `${own.class}=top`, '--json', ...more];
    const participant = new Command(['join', coordinator.invitation, ...options]);
    const ends = await Promise.all([participant, coordinator.command].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
    const dataFolder = coordinator.command.dataFolder;
    const [recording = ''] = recordingsIn(dataFolder);
    using db = new DatabaseSync(recording, { readOnly: true });
    const row = db.prepare("SELECT data FROM events WHERE type = 'participant_joined'").get();
    return {
      joined: JSON.parse(String(row?.['data'])) as Joined,
      recording,
      dataFolder,
      end: async () => {
        await participant[Symbol.asyncDispose]();
        await coordinator[Symbol.asyncDispose]();
      },
    };
  }

  test('is what the list says, field by field; its folders, files and machine are named nowhere else', async () => {
    const { joined, recording, dataFolder, end } = await run([]);
    const listed = new Set(whatLeaves.flatMap(({ fields }) => fields));
    const received = receivedFields(recording);
    assert.ok(received.has('register.data.classCounts') && received.has('model_update.examples'), 'it was looked at');
    for (const field of received) assert.ok(listed.has(field), `${field} was sent and is not in the list`);

    for (const file of readdirSync(dataFolder, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    )) {
      const content = readFileSync(joinPath(file.parentPath, file.name));
      for (const [what, text] of Object.entries(own))
        assert.ok(!content.includes(text), `the name of its ${what} stands in the coordinator's ${file.name}`);
    }
    assert.match(joined.participant, /^[a-z]+-[a-z]+-\d\d$/, 'a name that is nobody’s');
    assert.notEqual(joined.participant, hostname());
    assert.equal(joined.data.source, 'own pictures');
    const counts = [joined.data.examples, joined.data.held_out, joined.data.skipped, ...joined.data.class_counts];
    for (const count of counts) assert.equal(count % 10, 0, `${count} is exact`);
    assert.equal(joined.data.skipped, 10, 'one file was left out');

    const bare = joinPath(root, 'for-you.sqlite');
    const copied = await roundscope(['export', recording, bare, '--bare']);
    assert.equal(copied.status, 0, copied.stderr);
    assert.match(copied.stdout, /without bodies, addresses and class names/);
    if (process.platform !== 'win32') assert.equal(statSync(bare).mode & 0o777, 0o600);
    const content = readFileSync(bare);
    for (const text of ['127.0.0.1', '"middle"', data, joinPath(root)])
      assert.ok(!content.includes(text), `${text} stands in it`);
    assert.ok(readFileSync(recording).includes('127.0.0.1'), 'and does in the recording itself');
    assertComplaint(await roundscope(['export', recording, bare]), 1, /exists already/);
    {
      using db = new DatabaseSync(bare);
      db.exec('CREATE VIEW more AS SELECT 1');
    }
    assertComplaint(await roundscope(['export', bare, joinPath(root, 'x.sqlite')]), 1, /a view "more".*not opened/s);
    await end();
  });

  test('is exact where that is asked for', async () => {
    const { joined, end } = await run(['--exact-counts', '--name', 'lab-1']);
    const { examples, held_out: heldOut, class_counts: classCounts, skipped } = joined.data;
    assert.equal(examples + heldOut, 72);
    assert.equal(skipped, 1);
    assert.equal(
      classCounts.reduce((sum, count) => sum + count, 0),
      examples,
    );
    assert.ok(toldCount(examples) !== examples, 'else it would be the same rounded');
    await end();
  });
});
