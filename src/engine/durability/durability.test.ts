import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { hashBytes } from '#engine/codec/hash.ts';
import { asParticipantId, asRunId, type Hash } from '#shared/contract/ids.ts';
import { lockFolder } from './folder-lock.ts';
import { HashedFiles } from './hashed-files.ts';
import { Journal } from './journal.ts';
import { readRunFile } from './run-file.ts';
import { UpdateFile, type StoredUpdate } from './update-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roundscope-durability-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const noDevFull = !existsSync('/dev/full') && 'this system has no /dev/full';
const numbers = (value: unknown): number | null => (typeof value === 'number' ? value : null);

describe('journal', () => {
  const path = (): string => join(folder, 'journal');

  function written(...records: number[]): void {
    using journal = new Journal<number>(path());
    journal.rewrite(records.slice(0, 1));
    for (const record of records.slice(1)) journal.append(record);
  }

  const read = (): readonly number[] | undefined => new Journal<number>(path()).read(numbers)?.records;

  test('gives back what was appended, and nothing where nothing is', () => {
    assert.equal(read(), undefined);
    written(1, 2, 3);
    assert.deepEqual(read(), [1, 2, 3]);
    written(7);
    assert.deepEqual(read(), [7], 'begun again');
  });

  test('cut off anywhere in its last record, it gives back the others and goes on after them', () => {
    written(1, 2, 34567);
    const whole = readFileSync(path());
    const withoutLast = whole.subarray(0, whole.lastIndexOf('\n', whole.length - 2) + 1).length;
    for (let length = withoutLast + 1; length < whole.length; length++) {
      writeFileSync(path(), whole.subarray(0, length));
      using journal = new Journal<number>(path());
      const content = journal.read(numbers);
      assert.deepEqual([content?.records, content?.tornBytes], [[1, 2], length - withoutLast]);
      journal.append(8);
      assert.deepEqual(read(), [1, 2, 8]);
    }
  });

  test('damage before its end, another version, and one that was given up are errors with the place', () => {
    written(1, 2, 3);
    const text = readFileSync(path(), 'utf8');
    writeFileSync(path(), text.replace(' 2\n', ' 9\n'));
    assert.throws(read, { code: 'state_invalid', message: /journal is damaged in line 2/ });
    writeFileSync(path(), text);
    assert.throws(() => new Journal<string>(path()).read(() => null), { code: 'state_invalid', message: /line 1/ });
    new Journal<number>(path()).giveUp();
    assert.throws(read, { code: 'state_invalid', message: /given up/ });
  });

  test('has a bound when it is written, not only when it is read, and what is there can still be read', () => {
    using journal = new Journal<string>(path(), { bytesMax: 2_000 });
    journal.rewrite(['begun']);
    const text = 'x'.repeat(500);
    const append = (): void => {
      for (let i = 0; i < 10; i++) journal.append(text);
    };
    assert.throws(append, { code: 'state_invalid', message: /journal would be larger than 2000 bytes/ });
    const texts = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const kept = new Journal<string>(path(), { bytesMax: 2_000 }).read(texts);
    assert.deepEqual(kept?.records, ['begun', text, text, text]);
    assert.throws(() => journal.rewrite(['y'.repeat(2_000)]), { code: 'state_invalid' });
  });

  test('says when it has grown enough to be said again: by a mebibyte, or by as much as it began with', () => {
    using journal = new Journal<string>(path());
    const chunk = 'x'.repeat(100_000);
    const appendsUntilLong = (): number => {
      let count = 0;
      while (!journal.isLong) {
        journal.append(chunk);
        count++;
      }
      return count;
    };
    journal.rewrite(['begun']);
    assert.equal(appendsUntilLong(), 11);
    journal.rewrite(Array.from({ length: 30 }, () => chunk));
    assert.equal(journal.isLong, false);
    assert.equal(appendsUntilLong(), 31);
  });

  test('a full disk is told as one', { skip: noDevFull }, () => {
    symlinkSync('/dev/full', path());
    using journal = new Journal<number>(path());
    assert.throws(() => journal.append(1), { code: 'disk_full' });
  });
});

describe('files by hash', () => {
  test('what is damaged or not there is not given back, and set aside', async () => {
    const files = new HashedFiles(join(folder, 'models'));
    const bytes = new Uint8Array([1, 2, 3]);
    const hash = hashBytes(bytes);
    assert.equal(await files.get(hash), null);
    await files.put(hash, bytes);
    assert.deepEqual(new Uint8Array((await files.get(hash)) ?? []), bytes);
    appendFileSync(join(folder, 'models', `${hash}.safetensors`), 'x');
    assert.equal(await files.get(hash), null);
    assert.ok(existsSync(join(folder, 'models', `${hash}.safetensors.damaged`)));
    await files.put(hash, bytes);
    await files.keepOnly([]);
    assert.equal(await files.get(hash), null);
    assert.equal(existsSync(join(folder, 'models', `${hash}.safetensors.damaged`)), false, 'tidied too');
  });

  test('the same bytes kept by several at once, and tidied meanwhile, are nobody’s failure', async () => {
    const files = new HashedFiles(join(folder, 'updates'));
    const bytes = new Uint8Array(200_000);
    const hash = hashBytes(bytes);
    for (let turn = 0; turn < 20; turn++) {
      const puts = [files.put(hash, bytes), files.put(hash, bytes)];
      await Promise.all(turn % 2 === 0 ? puts : [...puts, files.keepOnly([])]);
      assert.equal((await files.get(hash)) === null, turn % 2 === 1);
    }
  });
});

describe('the update of a participant', () => {
  const of = { run: asRunId('r-1'), participant: asParticipantId('lab-1') };
  const bytes = new TextEncoder().encode('parameters\nwith a line feed');
  const update = (round: number, content: Uint8Array = bytes): StoredUpdate => ({
    round,
    hash: hashBytes(content),
    body: { examples: 3, base: 'ab'.repeat(32) as Hash, loss: 0.1, accuracy: 0.2, trainMs: 3, norm: 0.4 },
  });
  const path = (): string => join(folder, 'update');
  const file = (): UpdateFile => new UpdateFile(path(), of);

  test('is found by the next process, until it is checked', async () => {
    assert.deepEqual(await file().find(), { found: 'nothing' });
    await file().keep(update(4), bytes);
    const next = file();
    const found = await next.find();
    assert.ok(found.found === 'update');
    assert.deepEqual([found.update, new Uint8Array(found.bytes)], [update(4), bytes]);
    await next.forget('cd'.repeat(32) as Hash);
    assert.equal((await file().find()).found, 'update', 'the decision of another leaves it');
    await next.forget(update(4).hash);
    assert.equal((await file().find()).found, 'nothing');
  });

  test('the decision of the former does not remove the newer', async () => {
    const kept = file();
    const newer = new Uint8Array([9, 9]);
    await kept.keep(update(1), bytes);
    await Promise.all([kept.keep(update(2, newer), newer), kept.forget(update(1).hash)]);
    const found = await file().find();
    assert.equal(found.found === 'update' && found.update.round, 2);
  });

  test('cut off or altered anywhere it is set aside, with what is wrong', async () => {
    await file().keep(update(1), bytes);
    const whole = readFileSync(path());
    for (let at = 0; at < whole.length; at += 7) {
      writeFileSync(path(), whole.subarray(0, at));
      assert.equal((await file().find()).found, 'damaged', `cut at ${at}`);
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] as number) ^ 1;
      writeFileSync(path(), altered);
      assert.equal((await file().find()).found, 'damaged', `altered at ${at}`);
      assert.equal(existsSync(path()), false);
      assert.ok(existsSync(`${path()}.damaged`));
    }
  });

  test('of another run or participant it is not sent', async () => {
    await new UpdateFile(path(), { ...of, run: asRunId('r-2') }).keep(update(1), bytes);
    const found = await file().find();
    assert.ok(found.found === 'damaged');
    assert.match(found.reason, /of lab-1 in run r-2/);
  });

  test('on a full disk the former one stays', { skip: noDevFull }, async () => {
    await file().keep(update(1), bytes);
    symlinkSync('/dev/full', `${path()}.draft`);
    await assert.rejects(file().keep(update(2), bytes), { code: 'disk_full', layer: 'application' });
    const found = await file().find();
    assert.equal(found.found === 'update' && found.update.round, 1);
  });
});

describe('folder of a run', () => {
  test('has one process at a time, and a killed one keeps nobody out', () => {
    const lock = lockFolder(folder);
    const other = (): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', otherProcess(folder)], { encoding: 'utf8' });
    assert.match(other(), /state_in_use/);
    lock[Symbol.dispose]();
    assert.match(other(), /locked/);
    // It ended without letting go, as a killed one does.
    assert.ok(existsSync(join(folder, 'lock')));
    lockFolder(folder)[Symbol.dispose]();
  });

  test('what is no description of a run is told with what is wrong', async () => {
    assert.equal(await readRunFile(folder), null);
    writeFileSync(join(folder, 'run.json'), '{"version": 2}');
    await assert.rejects(readRunFile(folder), { code: 'state_invalid', message: /run\.json does not describe a run/ });
    writeFileSync(join(folder, 'run.json'), '{"vers');
    await assert.rejects(readRunFile(folder), {
      code: 'state_invalid',
      message: /run\.json is no JSON: .+ position 6/,
    });
  });
});

function otherProcess(path: string): string {
  const url = new URL('./folder-lock.ts', import.meta.url).href;
  return `
    const { lockFolder } = await import(${JSON.stringify(url)});
    try { lockFolder(${JSON.stringify(path)}); console.log('locked'); } catch (error) { console.log(error.code); }
    process.exit(0);`;
}
