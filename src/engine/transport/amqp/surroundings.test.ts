import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { findRabbitmq } from './rabbitmq-program.ts';
import { tryRabbitmq } from './surroundings.ts';

const absent = 'missing' in findRabbitmq() ? 'RabbitMQ is not installed' : false;

test('looking for RabbitMQ leaves no daemon behind', { skip: process.platform !== 'linux' || absent }, async () => {
  const before = daemons();
  assert.match(await tryRabbitmq(process.env), /^RabbitMQ \d+\.\d+/);
  // A daemon says that it ends, and then does.
  const left = (): readonly string[] => daemons().filter((pid) => !before.includes(pid));
  for (const until = Date.now() + 5000; left().length > 0 && Date.now() < until;) await setTimeout(20);
  assert.deepEqual(left(), []);
});

/** Processes of Erlang's daemon with a port of their own choosing, as this check starts them: others' runs have theirs. */
function daemons(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const own = readFileSync(`/proc/${pid}/environ`, 'utf8').includes('ERL_EPMD_RELAXED_COMMAND_CHECK=1');
      return own && /epmd/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      // Gone meanwhile, or another user's.
      return false;
    }
  });
}
