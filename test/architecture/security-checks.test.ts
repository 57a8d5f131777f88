import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { checks } from '#test/mutation/checks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('each check that docs/security.md relies on stands in one place, and has tests that are asked without it', () => {
  assert.ok(checks.length >= 40);
  for (const { claim, file, from, to, tests } of checks) {
    const parts = readFileSync(join(root, file), 'utf8').split(from);
    assert.equal(parts.length, 2, `${file}: ${claim}`);
    assert.notEqual(from, to);
    for (const path of tests) assert.ok(existsSync(join(root, path)), `${claim}: ${path}`);
  }
});
