import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, test } from 'node:test';
import { launch } from './launch.mjs';
import { inRoot, outerEnvironment } from './paths.mjs';

const gate = pathToFileURL(inRoot('test', 'support', 'leak-gate.ts')).href;

/** The file of tests that holds `body`, run as the unit phase runs its own. */
async function runFile(body) {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-test-'));
  try {
    const file = join(folder, 'planted.test.mjs');
    writeFileSync(file, `import { test } from 'node:test';\ntest('planted', () => { ${body} });\n`);
    const { NODE_TEST_CONTEXT: _context, ...env } = outerEnvironment();
    return await launch(process.execPath, ['--import', gate, file], { capture: true, env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what a file of tests leaves open', { concurrency: true }, () => {
  test('fails it by name', async () => {
    const { status, output } = await runFile('setInterval(() => undefined, 500);');
    assert.equal(status, 1);
    assert.match(output, /left open after the last test: Timeout: 1/);
  });

  test('is nothing where all is closed', async () => {
    const { status, output } = await runFile('clearInterval(setInterval(() => undefined, 500));');
    assert.equal(status, 0, output);
  });
});
