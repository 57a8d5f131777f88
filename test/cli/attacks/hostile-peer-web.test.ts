import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { keyOf, openPort } from '#test/support/page/open-address.ts';
import { Ledger } from '#test/support/hostile/ledger.ts';
import { idleConnections, malformedConnections, slowLoris } from '#test/support/hostile/tcp.ts';
import { attackAsWindow, attackWebPort } from '#test/support/hostile/web.ts';
import { Command, patienceMs } from '../command-line.ts';

const rounds = 12;
const roundLine = /round (\d+)\/12 /g;

test('whoever finds the port of the window: the demo behind it goes on', async (context) => {
  const demo = ['--participants', '2', '--rounds', String(rounds), '--local-epochs', '1', '--pace', '1'];
  await using command = new Command(['serve', '--no-open', ...demo]);
  await command.until(/\?token=\S+\n/);
  const address = new URL(command.stdout.trim());
  const port = Number(address.port);
  const key = (await keyOf(address)) ?? '';
  const told = (): readonly number[] => [...command.stderr.matchAll(roundLine)].map(([, round]) => Number(round));
  await command.until(() => told().length >= 1);

  const ledger = new Ledger();
  const end = new AbortController();
  using _end = { [Symbol.dispose]: () => end.abort() };
  const idlers = await idleConnections([port], 300, ledger, end.signal);
  slowLoris(port, 40, ledger, end.signal, 0x47);
  await Promise.all([
    attackWebPort(port, ledger),
    attackAsWindow(port, key, ledger),
    malformedConnections([port], 2000, ledger, { atOnce: 32 }),
  ]);
  context.diagnostic(`over in round ${told().at(-1)}, ${idlers.held()} idle connections held`);
  context.diagnostic(JSON.stringify(ledger.table));
  ledger.assertReached();

  // Somebody who belongs there is answered, beside them all, and the run is where it should be.
  const window = openPort(address.origin, key);
  const [snapshot] = (await once(window, 'message')) as [Buffer];
  assert.match(String(snapshot), /"type":"snapshot"/);
  window.terminate();
  await command.until(() => told().length === rounds, patienceMs);
  assert.deepEqual(
    told(),
    Array.from({ length: rounds }, (_, i) => i + 1),
  );
  assert.doesNotMatch(command.stderr, /mistake in the program|is started again|stalled|left:/);
  command.signal('SIGTERM');
  const exit = await command.exit();
  assert.equal(exit.status, 0, exit.stderr);
});
