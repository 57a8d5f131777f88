import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const endWithParent = new URL('./end-with-parent.mjs', import.meta.url).href;
const launchModule = new URL('./launch.mjs', import.meta.url).href;

/** A program that says its number, counts SIGINTs, and ends on SIGTERM with status 5. */
const program = `
  let count = 0;
  process.on('SIGINT', () => console.log('interrupt', ++count));
  process.on('SIGTERM', () => process.exit(5));
  setInterval(() => {}, 1000);
  console.log('pid', process.pid);
`;

/** The program with the stand-in before it, and what they print. */
function startStandIn() {
  const body = `
    import { standInFor } from ${JSON.stringify(launchModule)};
    const args = ['--import', ${JSON.stringify(endWithParent)}, '-e', ${JSON.stringify(program)}];
    process.exit((await standInFor(process.execPath, args)).status);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', body], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const waiting = new Set();
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
    for (const check of waiting) check();
  });
  const printed = (pattern) =>
    new Promise((resolve) => {
      const check = () => {
        const match = pattern.exec(text);
        if (!match) return;
        waiting.delete(check);
        resolve(match);
      };
      waiting.add(check);
      check();
    });
  return { child, printed, text: () => text };
}

/** So that a failing test leaves nothing behind either. */
function endIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const skip = process.platform === 'win32' ? 'signals are a matter of POSIX' : false;

test('a signal to the whole group comes to the program once, and its status comes back', { skip }, async () => {
  const { child, printed, text } = startStandIn();
  await printed(/pid (\d+)/);
  process.kill(-child.pid, 'SIGINT');
  await printed(/interrupt 1/);
  process.kill(-child.pid, 'SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 5);
  assert.doesNotMatch(text(), /interrupt 2/);
});

test('a program does not outlive a stand-in that was killed', { skip, timeout: 10_000 }, async (t) => {
  const { child, printed } = startStandIn();
  const [, pid] = await printed(/pid (\d+)/);
  t.after(() => endIfThere(Number(pid)));
  child.kill('SIGKILL');
  // The pipe closes when the last process that holds it has ended: the program, not the stand-in.
  await once(child, 'close');
});
