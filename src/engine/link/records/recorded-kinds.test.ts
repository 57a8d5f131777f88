import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkKinds } from '#shared/dissect/kinds.ts';
import { linkFrameKinds } from '../link-frames.ts';

test('filters know every kind of frame that the link has', () => {
  assert.deepEqual(new Set<string>(linkKinds), new Set<string>(linkFrameKinds));
});
