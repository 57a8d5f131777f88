import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRabbitmq, rabbitmqVariable } from './rabbitmq-program.ts';
import { tryRabbitmq } from './environment.ts';

const skip = 'missing' in findRabbitmq() ? 'RabbitMQ is not installed' : false;
const root = mkdtempSync(join(tmpdir(), 'roundscope-rabbitmq-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('the installed RabbitMQ is named with its version', { skip }, async () => {
  assert.match(await tryRabbitmq(process.env), /^RabbitMQ \d+\.\d+\.\d+, .*rabbitmq-server$/);
});

test('looking for RabbitMQ runs none of its programs: they leave a daemon behind', { skip }, async () => {
  const sbin = join(root, 'rabbitmq_server-3.13.1', 'sbin');
  const marker = join(root, 'was-run');
  mkdirSync(sbin, { recursive: true });
  for (const name of ['rabbitmq-server', 'rabbitmqctl'])
    writeFileSync(join(sbin, name), `#!/bin/sh\necho 9.9.9\ntouch '${marker}'\n`, { mode: 0o755 });
  const said = await tryRabbitmq({ ...process.env, [rabbitmqVariable]: join(sbin, 'rabbitmq-server') });
  assert.equal(said, `RabbitMQ 3.13.1, ${join(sbin, 'rabbitmq-server')}`);
  assert.equal(existsSync(marker), false);
});
