import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createIdentity, hasSigned, signAs } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { hashSchema } from '#shared/contract/ids.ts';
import { approvalLogPath, approvalLogs, checkApprovals, logApproval, type ApprovalEntry } from './approval-log.ts';

const identity = createIdentity();
const signer = { peerId: identity.peerId, sign: (bytes: Uint8Array) => signAs(identity, bytes) };

function answer(plan: string, change: Partial<ApprovalEntry> = {}): Omit<ApprovalEntry, 'number' | 'key' | 'before'> {
  return {
    at: 1000,
    participant: 'lab-1',
    run: 'r-1',
    name: 'pilot',
    coordinator: 'ab'.repeat(32),
    plan: hashSchema.parse(plan.repeat(64)),
    model: hashSchema.parse('e'.repeat(64)),
    answer: 'approved',
    by: 'its user',
    reason: '',
    ...change,
  };
}

describe('the log of approvals', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'roundscope-approvals-'));
    path = approvalLogPath(folder, 'lab-1');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const log = (one: ReturnType<typeof answer>, by = signer): void => logApproval(path, one, by, hasSigned);
  const three = (): void => {
    for (const plan of ['1', '2', '3']) log(answer(plan));
  };
  const lines = (): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
  const faultWith = (change: (all: string[]) => readonly string[]): string => {
    writeFileSync(path, `${change(lines()).join('\n')}\n`);
    const { fault } = checkApprovals(path, hasSigned);
    return fault ?? 'whole';
  };

  test('is a whole chain of signed answers, readable by its owner alone', () => {
    assert.deepEqual(checkApprovals(path, hasSigned), { entries: [], fault: null });
    assert.deepEqual(approvalLogs(folder), []);
    three();
    const { entries, fault } = checkApprovals(path, hasSigned);
    assert.deepEqual([entries.map(({ number }) => number), fault], [[1, 2, 3], null]);
    assert.deepEqual(approvalLogs(folder), [path]);
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('has one line for a plan, until the answer to it is another', () => {
    log(answer('1'));
    log(answer('1'));
    log(answer('1', { answer: 'refused', reason: 'no' }));
    log(answer('1'));
    assert.deepEqual(
      checkApprovals(path, hasSigned).entries.map((one) => one.answer),
      ['approved', 'refused', 'approved'],
    );
  });

  test('shows what was changed, taken away, moved, added by another or cut', () => {
    three();
    const whole = lines();
    const again = (): void => writeFileSync(path, `${whole.join('\n')}\n`);
    assert.match(
      faultWith((all) => all.with(1, (all[1] ?? '').replace('"approved"', '"refused"'))),
      /^line 2 was changed/,
    );
    again();
    assert.match(
      faultWith((all) => all.toSpliced(1, 1)),
      /^line 2 says that it is number 3/,
    );
    again();
    assert.match(
      faultWith((all) => all.toReversed()),
      /^line 1 says that it is number 3/,
    );
    again();
    assert.match(
      faultWith((all) => [...all, 'x']),
      /^line 4 is not one/,
    );
    again();
    assert.match(
      faultWith((all) => all.with(2, (all[2] ?? '').slice(0, 60))),
      /^line 3 is not one/,
    );
    // Whoever has another key can sign, and is not who began.
    again();
    const other = createIdentity();
    const stranger = { peerId: other.peerId, sign: (bytes: Uint8Array) => signAs(other, bytes) };
    const elsewhere = approvalLogPath(folder, 'lab-2');
    for (const plan of ['1', '2', '3', '4']) logApproval(elsewhere, answer(plan), stranger, hasSigned);
    const last = readFileSync(elsewhere, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    assert.match(
      faultWith((all) => [...all, last]),
      /^line 4 does not follow/,
    );
  });

  test('takes nothing more once it was changed, and says where', () => {
    three();
    appendFileSync(path, 'something\n');
    assert.throws(
      () => log(answer('4')),
      (error) => error instanceof RoundscopeError && error.code === 'state_invalid' && /line 4/.test(error.message),
    );
    assert.equal(lines().length, 4);
  });
});
