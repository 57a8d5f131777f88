import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { isFinal } from './final-answer.ts';

const answer = (code: ErrorCode, retryable = false): RoundscopeError =>
  new RoundscopeError(code, { layer: 'transport', message: code, retryable });

test('a wrong setting of this machine, such as a proxy, is not tried again before the first connection', () => {
  assert.equal(isFinal(answer('settings_invalid'), false), true);
  assert.equal(isFinal(answer('settings_invalid'), true), false, 'later it may be a passing state');
});

test('silence is tried again, and so is another run at the address of one that was joined', () => {
  assert.equal(isFinal(answer('connect_timeout', true), false), false);
  assert.equal(isFinal(answer('run_mismatch'), false), true);
  assert.equal(isFinal(answer('run_mismatch'), true), false);
  assert.equal(isFinal(answer('run_over'), true), true);
});

test('an impostor ends no link that has been open: the coordinator may come back', () => {
  for (const code of ['identity_mismatch', 'version_unsupported'] as const) {
    const error = new RoundscopeError(code, { layer: 'link', message: code });
    assert.deepEqual([isFinal(error, false), isFinal(error, true)], [true, false]);
  }
});
