import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MachineLoad } from './machine-load.ts';

test('what all programs use is counted over all processors since the look before', () => {
  let [idle, user] = [5000, 1000];
  const load = new MachineLoad(() => [{ times: { user, idle } }, { times: { user: 0, sys: 300, idle: 9000 } }]);
  assert.equal(load.busyPercent(), undefined, 'too soon');
  [idle, user] = [5100, 1300];
  assert.equal(load.busyPercent(), 75);
  user += 1000;
  assert.equal(load.busyPercent(), 100);
  idle += 1000;
  assert.equal(load.busyPercent(), 0);
  assert.equal(new MachineLoad(() => []).busyPercent(), undefined, 'a system that says nothing');
});

test('this machine says it', async () => {
  const load = new MachineLoad();
  const until = performance.now() + 400;
  while (performance.now() < until);
  const busy = load.busyPercent();
  assert.ok(busy !== undefined && busy > 0 && busy <= 100, String(busy));
});
