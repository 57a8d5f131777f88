import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ChildEntry } from '#shared/contract/child-messages.ts';
import { forkLauncher } from './fork-launcher.ts';

const skip = process.platform !== 'linux' && 'reads /proc';

test('the young generation of a coordinator is bounded, that of others is V8’s own choice', { skip }, async () => {
  const bounds = async (entry: ChildEntry): Promise<string | undefined> => {
    const child = await forkLauncher.launch(entry, entry);
    const gone = new Promise((resolve) => child.onExit(resolve));
    const words = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    child.end('kill');
    await gone;
    return words.find((word) => word.startsWith('--max-semi-space-size'));
  };
  assert.deepEqual([await bounds('coordinator'), await bounds('participant')], ['--max-semi-space-size=8', undefined]);
});
