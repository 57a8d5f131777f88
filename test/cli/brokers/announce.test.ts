import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { networkInterfaces } from 'node:os';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { missingRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { assertComplaint, roundscope } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

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

describe('the address in the invitation', { concurrency: 2 }, () => {
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

  const noIpv6 = !Object.values(networkInterfaces()).some((own) => own?.some(({ address }) => address === '::1'));
  test(
    'may be of IPv6, in brackets as it is typed: over each transport somebody takes part',
    { skip: noIpv6 && 'this machine has no IPv6' },
    async () => {
      const ways = ['quic', 'mqtt', 'grpc', ...(missingRabbitmq() === false ? ['amqp'] : [])];
      const args = ['--participants', String(ways.length), '--rounds', '1', '--host', '[::1]', '--transport', 'auto'];
      await using coordinator = await coordinate(args);
      const told = toldBy(coordinator.invitation);
      assert.ok(told.length >= ways.length && told.every((endpoint) => endpoint.includes(' ::1 ')), told.join());
      // DDS is not among them, where it is installed, and that is said.
      const dds = coordinator.command.lines.filter((line) => /not offered over dds/.test(String(line['text'])));
      for (const { text } of dds) assert.match(String(text), /speaks IPv4 only|Cyclone|not installed/);
      const people = ways.map((way) => join(coordinator.invitation, `over-${way}`, ['--transport', way]));
      const ends = await Promise.all([coordinator.command, ...people].map((command) => command.exit()));
      for (const end of ends) assert.equal(end.status, 0, end.stderr);
      const used = ends[0]?.summary.participants.map(({ transport }) => transport).toSorted();
      assert.deepEqual(used, ways.toSorted());
      for (const person of people) await person[Symbol.asyncDispose]();
    },
  );

  test('what cannot be told is refused before anything starts', async () => {
    for (const args of [
      ['--announce', 'http://hub'],
      ['--announce', '0.0.0.0'],
      ['--announce', 'fe80::1%eth0'],
      ['--announce', 'hub:4433', '--transport', 'quic,mqtt'],
    ]) {
      assertComplaint(await roundscope(['coordinate', ...args]), 2, /--announce: /);
    }
    assertComplaint(
      await roundscope(['coordinate', '--host', '203.0.113.7']),
      1,
      /203\.0\.113\.7 cannot be opened \(this machine has no such address\)/,
      /Try: Correct the setting that is named/,
    );
    assertComplaint(
      await roundscope(['coordinate', '--host', '[fe80::1%eth0]']),
      2,
      /--host: fe80::1%eth0 holds on one link/,
    );
  });
});
