import assert from 'node:assert/strict';
import { test } from 'node:test';
import { participantCredentials } from '#engine/transport/mqtt/broker/auth.ts';
import { sessionTopics } from '#engine/transport/mqtt/topics.ts';
import { invitationIn, memoryMax } from '#test/support/hostile/besieged.ts';
import { bulkFromWithin } from '#test/support/hostile/insider.ts';
import { connectMqtt } from '#test/support/hostile/mqtt-client.ts';
import { patienceMs } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

const rounds = 2;
const transports = ['quic', 'mqtt', 'grpc'] as const;
const mebibyte = 1024 ** 2;
/** What each of them sends under a name that never registers. */
const attackBytes = 160 * mebibyte;
/** What a transport may hold of a session that nobody reads, and what the allocator keeps of it. */
const growthMaxBytes = 100 * mebibyte;
/** What a broker would keep for ever, if it were asked to and did. */
const retainedTopics = 250;
const retainedBytes = 1_000 * 1024;
/** What passes through leaves its mark too; what is kept would be all of it. */
const keptMaxBytes = 0.7 * retainedTopics * retainedBytes;
const longMs = 3 * patienceMs;

test('somebody with the invitation who sends models that nobody asked for: it takes no memory, and the run of the others is as it was', async (context) => {
  await using coordinator = await coordinate([
    ...['--participants', '2', '--rounds', String(rounds)],
    ...['--transport', transports.join(',')],
  ]);
  const { command } = coordinator;
  await using labs = new AsyncDisposableStack();
  const first = labs.use(join(coordinator.invitation, 'lab-1'));
  await command.until((seen) => hasJoined(seen, 'lab-1'), longMs);
  await command.until((seen) => 'coordinator' in memoryMax(seen), longMs);
  const before = memoryMax(command)['coordinator'] ?? 0;
  const invitation = invitationIn(coordinator.invitation);
  const attacks = [];
  for (const transport of transports) {
    const attack = { name: `mallory-${transport}`, bytes: attackBytes };
    const { sent, code, reason } = await bulkFromWithin(invitation, transport, attack);
    context.diagnostic(`${transport}: ${Math.round(sent / mebibyte)} MiB went out; ${code}: ${reason}`);
    attacks.push({ transport, sent, end: `${code}: ${reason}` });
  }
  const told = command.lines.length;
  await command.until(
    ({ lines }) => lines.slice(told).some(({ event, name }) => event === 'process_stats' && name === 'coordinator'),
    longMs,
  );
  const grown = (memoryMax(command)['coordinator'] ?? 0) - before;
  context.diagnostic(
    `the coordinator had ${Math.round(before / mebibyte)} MiB and grew by ${Math.round(grown / mebibyte)} MiB`,
  );
  assert.ok(grown < growthMaxBytes, `it grew by ${grown} bytes`);
  for (const { transport, sent, end } of attacks) {
    assert.ok(sent < attackBytes / 4, `${sent} bytes were taken over ${transport}`);
    // Over QUIC the end may overtake why.
    assert.match(end, /^not_registered: |^lost: /);
  }

  const second = labs.use(join(coordinator.invitation, 'lab-2'));
  for (const lab of [first, second]) assert.equal((await lab.exit(longMs)).status, 0);
  const { status, stderr, summary } = await command.exit(longMs);
  assert.equal(status, 0, stderr);
  const counted = summary.participants.filter(({ contributions }) => contributions > 0);
  assert.deepEqual(
    counted.map(({ id, contributions }) => [id, contributions]),
    [
      ['lab-1', rounds],
      ['lab-2', rounds],
    ],
  );
});

test('somebody with the invitation who has the broker keep what nobody asked for: nothing is kept', async (context) => {
  await using coordinator = await coordinate(['--participants', '1', '--transport', 'mqtt']);
  const { command } = coordinator;
  await command.until((seen) => 'coordinator' in memoryMax(seen), longMs);
  const before = memoryMax(command)['coordinator'] ?? 0;
  const invitation = invitationIn(coordinator.invitation);
  const { run, token } = invitation;
  const claim = { run, participant: 'mallory', session: '5e'.repeat(16), instance: '1d'.repeat(16) };
  const url = `mqtts://127.0.0.1:${String(invitation.endpoints[0]?.port)}`;
  const { base } = sessionTopics(run, claim.participant, claim.session);
  {
    using mallory = await connectMqtt(url, participantCredentials(token, claim));
    assert.ok(mallory.letIn);
    for (let k = 0; k < retainedTopics; k++)
      await mallory.client.publishAsync(`${base}/up/bulk/${k}`, Buffer.alloc(retainedBytes, k), {
        qos: 1,
        retain: true,
      });
  }
  const told = command.lines.length;
  const figures = (): number =>
    command.lines.slice(told).filter(({ event, name }) => event === 'process_stats' && name === 'coordinator').length;
  await command.until(() => figures() > 1, longMs);
  const grown = (memoryMax(command)['coordinator'] ?? 0) - before;
  context.diagnostic(
    `the coordinator had ${Math.round(before / mebibyte)} MiB and grew by ${Math.round(grown / mebibyte)} MiB`,
  );
  assert.ok(grown < keptMaxBytes, `it grew by ${grown} bytes`);
});
