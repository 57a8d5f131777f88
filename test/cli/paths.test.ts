import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeInvitation, encodeInvitation } from '#engine/identity/invitation.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { TcpPath, UdpPath } from '#test/support/network-path.ts';
import type { Command } from './command-line.ts';
import { coordinate, join, type Coordinator } from './federation.ts';

/** The way that an invitation names of this kind, and the same invitation by a path that ends at another port. */
function only(
  { invitation }: Coordinator,
  provider: Endpoint['provider'],
): { readonly port: number; by(port: number): string } {
  const decoded = decodeInvitation(invitation);
  assert.ok(decoded.ok);
  const endpoint = decoded.value.endpoints.find((one) => one.provider === provider);
  assert.ok(endpoint !== undefined, invitation);
  return {
    port: endpoint.port,
    by: (port) => encodeInvitation({ ...decoded.value, endpoints: [{ ...endpoint, port }] }),
  };
}

/** Whom verdicts have named, and by which rule, each once. */
function named({ lines }: Command): readonly string[] {
  const raised = lines.filter(({ event }) => event === 'verdict_raised');
  return [...new Set(raised.map((line) => `${String(line['rule'])} ${String(line['subject'])}`))];
}

function isRaised({ lines }: Command): boolean {
  return lines.some(({ event }) => event === 'verdict_raised');
}

function isCleared({ lines }: Command): boolean {
  return lines.some(({ event }) => event === 'verdict_cleared');
}

function rounds({ lines }: Command): number {
  return lines.filter(({ event }) => event === 'round_ended').length;
}

function isStuck({ lines }: Command): boolean {
  return lines.some((line) => /heartbeats pass, but model_update is stuck at/.test(String(line['reason'])));
}

const long = ['--participants', '1', '--rounds', '500', '--deadline', '60', '--transport', 'quic'];

/**
 * Each chair says what it can know: who sends sees its update stuck while it hears heartbeats; small messages wait behind
 * what is stuck, so the other end hears nothing at all. Both go on once the path does.
 */
describe('a path on which an update gets stuck', { concurrency: 2 }, () => {
  test('since it swallows large datagrams', async () => {
    await using coordinator = await coordinate(long);
    const way = only(coordinator, 'quinn');
    await using path = await UdpPath.open(way.port);
    await using participant = join(way.by(path.port), 'lab-1');
    await coordinator.command.until((command) => rounds(command) > 0);
    path.largestBytes = 600;
    await coordinator.command.until(isRaised, 60_000);
    // No session can be opened either: its first datagrams are large.
    await participant.until(isRaised, 60_000);
    assert.ok(isStuck(participant), 'its link said so before');
    path.largestBytes = Number.POSITIVE_INFINITY;
    await Promise.all([coordinator.command.until(isCleared, 60_000), participant.until(isCleared, 60_000)]);
    const before = rounds(coordinator.command);
    await coordinator.command.until((command) => rounds(command) > before, 60_000);
    assert.deepEqual(named(coordinator.command), ['participant-silent lab-1']);
    assert.deepEqual(named(participant), ['coordinator-silent coordinator']);
  });

  test('since its window is zero', async () => {
    await using coordinator = await coordinate(long);
    const way = only(coordinator, 'webtransport');
    await using path = await TcpPath.open(way.port);
    await using participant = join(way.by(path.port), 'lab-1');
    await coordinator.command.until((command) => rounds(command) > 0);
    path.stall();
    await coordinator.command.until(isRaised, 60_000);
    await coordinator.command.until(isCleared, 60_000);
    assert.ok(isStuck(participant), 'its link said so before');
    const before = rounds(coordinator.command);
    await coordinator.command.until((command) => rounds(command) > before, 60_000);
    assert.deepEqual(named(coordinator.command), ['participant-silent lab-1']);
    assert.deepEqual(named(participant), [], 'another session was opened at once, and has its window');
  });
});
