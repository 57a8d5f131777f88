import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { sayHello } from '#engine/link/dial/dialer-hello.ts';
import { PacketLog } from '#engine/link/records/packet-log.ts';
import { Wire } from '#engine/link/wire.ts';
import { createTransport } from '#engine/transport/registry.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { invitationIn } from '#test/support/hostile/besieged.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { patienceMs, processesOf, temporaryFolder, type Command } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

const victim = 'lab-1';

/**
 * Somebody with the invitation, a key of its own and a resumed link of the victim's name. `owned-names.test.ts` does it with
 * the victim's own `instance`, which stands in no recording.
 */
async function attack(invitation: Invitation, protocol: 'quic' | 'mqtt'): Promise<string> {
  const identity = createIdentity();
  const parts = { clock: systemClock, entropy: systemEntropy, identity, workerOf: workerPath };
  const signal = AbortSignal.timeout(20_000);
  const { run, token } = invitation;
  const provider = protocol === 'quic' ? 'quinn' : protocol;
  const endpoints = invitation.endpoints.filter((endpoint) => endpoint.provider === provider);
  const dial = { signal, participant: victim, run, token };
  await using session = await createTransport(protocol, invitation.control, parts).dial(endpoints, dial);
  const context = { participant: victim, protocol: session.protocol, stack: session.stack, connection: 1 };
  const log = new PacketLog(new RecordingReporter(), 'participant');
  const wire = new Wire(session, { clock: systemClock, log, context });
  const state = { received: 0, transfers: [], done: [], failed: [] };
  const said = {
    invitation,
    identity,
    participant: asParticipantId(victim),
    instance: 'ab'.repeat(16),
    nonce: 'cd'.repeat(16),
    state,
  };
  try {
    await sayHello(wire, { ...said, resumes: true });
    return 'let in';
  } catch (error) {
    return error instanceof RoundscopeError ? `${error.code}: ${error.message}` : String(error);
  }
}

function linksOf({ lines }: Command): readonly string[] {
  return lines
    .filter((line) => line.event === 'link_state' && line['participant'] === victim)
    .map((line) => String(line['state']));
}

test('a name is not taken from who is silent or was killed, with whatever it has said', async () => {
  const args = ['--participants', '2', '--rounds', '2', '--transport', 'quic,mqtt'];
  await using coordinator = await coordinate(args);
  const { command } = coordinator;
  const invitation = invitationIn(coordinator.invitation);
  const dataFolder = temporaryFolder();
  const options = { dataFolder };
  const first = join(coordinator.invitation, victim, ['--transport', 'quic'], options);
  await using _first = first;
  await command.until((seen) => hasJoined(seen, victim));

  for (const { pid } of processesOf(dataFolder)) process.kill(pid, 'SIGSTOP');
  await command.until((seen) => linksOf(seen).at(-1) === 'lost');
  await systemClock.sleep(timing.peerSilentMs, { signal: AbortSignal.timeout(60_000) });
  for (const protocol of ['quic', 'mqtt'] as const)
    assert.match(await attack(invitation, protocol), /^participant_name_taken: .*another key/);
  for (const { pid } of processesOf(dataFolder)) process.kill(pid, 'SIGCONT');
  await command.until((seen) => linksOf(seen).at(-1) === 'ready');

  for (const { pid } of processesOf(dataFolder)) process.kill(pid, 'SIGKILL');
  await first.exit();
  await using again = join(coordinator.invitation, victim, ['--transport', 'mqtt'], options);
  const joins = (seen: Command): number =>
    seen.lines.filter((line) => line.event === 'participant_joined' && line['participant'] === victim).length;
  await command.until((seen) => joins(seen) === 2);
  assert.match(await attack(invitation, 'quic'), /^participant_name_taken/);
  await using other = join(coordinator.invitation, 'lab-2');
  const exits = [await command.exit(2 * patienceMs), await again.exit(), await other.exit()];
  for (const { status, stderr } of exits) assert.equal(status, 0, stderr);
  const { participants } = exits[0]?.summary ?? { participants: [] };
  assert.deepEqual(
    participants.map(({ id, contributions }) => [id, contributions]),
    [
      [victim, 2],
      ['lab-2', 2],
    ],
  );
  const keys = command.lines
    .filter((line) => line.event === 'participant_joined' && line['participant'] === victim)
    .map((line) => line['key']);
  assert.equal(new Set(keys).size, 1, 'its own process came back by its key');
});
