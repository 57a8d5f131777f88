import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { admitsAnyone, type AdmissionPolicy } from '#shared/contract/run/admission.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { AlwaysAdmitted } from './always-admitted.ts';

const folder = mkdtempSync(join(tmpdir(), 'always-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'always-admitted.json');
const [first, second] = ['ab'.repeat(32), 'cd'.repeat(32)];
const anna = { name: asParticipantId('anna'), key: first };
const asking: { readonly admission: AdmissionPolicy } = { admission: { rule: 'ask', entries: ['carl'] } };

test('who is let in for good twice at once is so once, and nobody else is lost by it', async () => {
  const always = new AlwaysAdmitted(folder);
  await Promise.all([always.add(anna), always.add({ name: asParticipantId('ben'), key: second }), always.add(anna)]);
  const { always: kept } = JSON.parse(readFileSync(file, 'utf8')) as { readonly always: readonly unknown[] };
  assert.deepEqual(kept, [{ name: 'ben', key: second }, anna]);
  assert.deepEqual((await always.added(asking)).admission.entries, ['carl', second, first]);
  const anyone = { admission: admitsAnyone };
  assert.equal(await always.added(anyone), anyone);
});

test('a file that holds something else is told, changed by nobody, and holds up no later answer', async () => {
  const always = new AlwaysAdmitted(folder);
  writeFileSync(file, '{"version":1,"always":[{"name":"anna","key":"short"}]}');
  await assert.rejects(always.add(anna), { code: 'settings_invalid', message: /does not hold what Roundscope writes/ });
  await assert.rejects(always.added(asking), { code: 'settings_invalid' });
  assert.match(readFileSync(file, 'utf8'), /short/);
  rmSync(file);
  await always.add(anna);
  assert.deepEqual((await always.added(asking)).admission.entries, ['carl', first]);
});
