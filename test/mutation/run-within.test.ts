import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { processesOf, runWithin, type Ended } from './run-within.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'roundscope-within-')));
after(() => rmSync(folder, { recursive: true, force: true }));
const never = new AbortController().signal;
const skip = process.platform === 'linux' ? false : 'what a program left running is found on Linux only';

function run(source: string, limitMs = 60_000, signal = never): Promise<Ended> {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, source);
  return runWithin([file], { folder, env: { ...process.env }, limitMs, signal });
}

/** A broker, say: a group of its own, and nothing of ours in its environment. Its program lies in the folder. */
const startsAnother = `
  import { spawn } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  writeFileSync('other.mjs', 'setInterval(() => {}, 1000); console.log("runs")');
  const other = spawn(process.execPath, ['other.mjs'], { detached: true, env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => other.stdout.once('data', resolve));
  console.log('started');
`;

test('what ends by itself is told with its status and words', async () => {
  const { status, stdout, left } = await run('console.log("7"); process.exitCode = 3;');
  assert.deepEqual([status, stdout, left], [3, '7\n', 0]);
});

test('what never ends is killed when its time is over, with all that it started', { skip }, async () => {
  const { status, stdout } = await run(`${startsAnother} for (;;);`, 3_000);
  assert.deepEqual([status, stdout], [null, 'started\n']);
  assert.deepEqual(processesOf(folder), []);
});

test('what ends and leaves a process behind has it killed, and it is counted', { skip }, async () => {
  const { status, left } = await run(`${startsAnother} process.exit(0);`);
  assert.deepEqual([status, left], [0, 1]);
  assert.deepEqual(processesOf(folder), []);
});

test('what is given up is killed at once', { skip }, async () => {
  const giveUp = new AbortController();
  const running = run(`${startsAnother} for (;;);`, 60_000, giveUp.signal);
  setTimeout(() => giveUp.abort(), 500);
  await assert.rejects(running, { name: 'AbortError' });
  assert.deepEqual(processesOf(folder), []);
});
