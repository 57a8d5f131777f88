import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { assertComplaint, roundscope } from './command-line.ts';
import { coordinate, join } from './federation.ts';

/** Host and port of each endpoint of an invitation. */
function toldBy(invitation: string): readonly string[] {
  const decoded = decodeInvitation(invitation);
  assert.ok(decoded.ok);
  return decoded.value.endpoints.map(({ provider, host, port }) => `${provider} ${host} ${port}`);
}

async function completes(invitation: string, args: readonly string[] = []): Promise<void> {
  await using participant = join(invitation, 'lab-1', args);
  assert.equal((await participant.exit()).status, 0, participant.stderr);
}

describe('the address in the invitation', () => {
  test('is the announced one, over which the run is joined', async () => {
    const args = ['--participants', '1', '--rounds', '1', '--host', '127.0.0.1', '--announce', 'localhost'];
    await using coordinator = await coordinate(args);
    const told = toldBy(coordinator.invitation);
    assert.ok(told.length > 0 && told.every((endpoint) => endpoint.includes(' localhost ')), told.join());
    await completes(coordinator.invitation);
    assert.equal((await coordinator.command.exit()).status, 0);
  });

  test('has the announced port, and brackets only where they are typed', async () => {
    await using coordinator = await coordinate(['--transport', 'grpc', '--announce', '[2001:db8::7]:4433']);
    assert.deepEqual(toldBy(coordinator.invitation), ['grpc 2001:db8::7 4433']);
  });

  test('what cannot be told is refused before anything starts', async () => {
    for (const args of [
      ['--announce', 'http://hub'],
      ['--announce', '0.0.0.0'],
      ['--announce', 'hub:4433', '--transport', 'quic,mqtt'],
    ]) {
      assertComplaint(await roundscope(['coordinate', ...args]), 2, /--announce: /);
    }
  });
});
