import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyWords } from '#shared/base/text/key-words.ts';
import { parseAdmit } from './admit-option.ts';
import { parseCommand } from '../prompt/admission-commands.ts';

const words = keyWords('ab'.repeat(32));

test('who is let in, as it is written behind --admit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-admit-'));
  const path = join(folder, 'list');
  writeFileSync(path, `anna   # from the lab\n\n${words}\n`);
  const given: readonly (readonly [string | undefined, string, readonly string[]])[] = [
    [undefined, 'anyone', []],
    ['anyone', 'anyone', []],
    ['ask', 'ask', []],
    ['ask,anna, ben', 'ask', ['anna', 'ben']],
    ['anna,ben,anna', 'list', ['anna', 'ben']],
    ['ask-lab', 'list', ['ask-lab']],
    [`@${path}`, 'list', ['anna', words]],
  ];
  for (const [text, rule, entries] of given)
    assert.deepEqual(await parseAdmit(text), { ok: true, value: { rule, entries } }, text);
  for (const [text, why] of [
    ['', /list is empty/],
    [',', /list is empty/],
    ['anna,a/b', /a\/b is neither a key nor a name/],
    ['coordinator', /cannot be a participant's name/],
    ['anna,ask', /ask stands alone or/],
    [`@${folder}/none`, /cannot be read \(ENOENT\)/],
  ] as const) {
    const checked = await parseAdmit(text);
    assert.ok(!checked.ok, text);
    assert.match(checked.error, why);
  }
  rmSync(folder, { recursive: true });
});

test('orders that are typed while a run goes on', () => {
  const now = Date.UTC(2026, 10, 30);
  const order = (line: string): unknown => {
    const parsed = parseCommand(line, now);
    return parsed?.ok === true ? parsed.value : (parsed?.error ?? null);
  };
  assert.equal(order('   '), null);
  assert.deepEqual(order(' admit anna '), { kind: 'admit', name: 'anna' });
  assert.deepEqual(order('expel ben sends  noise'), { kind: 'expel', name: 'ben', reason: 'sends noise' });
  assert.deepEqual(order('invite anna --until 2h'), { kind: 'invite', name: 'anna', until: now + 7_200_000 });
  assert.deepEqual(order('invite anna'), { kind: 'invite', name: 'anna' });
  assert.deepEqual(order('renew'), { kind: 'renew' });
  assert.match(String(order('admit')), /admit takes a name: a participant needs a name/);
  assert.match(String(order('invite anna soon')), /soon is no moment/);
  assert.match(String(order('ban anna')), /"ban" is nothing that can be said here/);
});
