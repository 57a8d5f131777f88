import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { attackOutsideAmqp, giveAllRights, queuesOf } from '#test/support/hostile/amqp-stranger.ts';
import {
  blamed,
  invitationIn,
  lostContributions,
  refusalsOf,
  roundsDone,
  slowTraining,
  strangersIn,
  unexpectedEnds,
} from '#test/support/hostile/besieged.ts';
import { attackDomain } from '#test/support/hostile/dds-stranger.ts';
import { Ledger } from '#test/support/hostile/ledger.ts';
import { attackOutsideMqtt } from '#test/support/hostile/mqtt-stranger.ts';
import { attackRtps } from '#test/support/hostile/udp.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { missingRabbitmq, startRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { Summary } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

const noLibrary = await missingLibrary();
const rounds = 12;
const trainingMs = 800;
const longMs = 300_000;
const names = ['lab-1', 'lab-2'] as const;

interface Siege {
  /** Before anybody has joined: what whoever comes later finds. */
  readonly before?: (invitation: Invitation, ledger: Ledger) => Promise<void>;
  /** While rounds go on. */
  readonly during: (invitation: Invitation, ledger: Ledger) => Promise<void>;
}

/** A whole run of two, and somebody else at what carries it. */
async function besiege(args: readonly string[], { before, during }: Siege): Promise<void> {
  await using coordinator = await coordinate(['--participants', '2', '--rounds', String(rounds), ...args]);
  const { command } = coordinator;
  const invitation = invitationIn(coordinator.invitation);
  const ledger = new Ledger();
  await before?.(invitation, ledger);
  const options = { env: slowTraining(trainingMs) };
  await using labs = new AsyncDisposableStack();
  const joined = names.map((name) => labs.use(join(coordinator.invitation, name, [], options)));
  for (const name of names) await command.until((seen) => hasJoined(seen, name));
  await command.until((seen) => roundsDone(seen) >= 2);
  await during(invitation, ledger);
  const reached = roundsDone(command);
  for (const { status, stderr } of await Promise.all(joined.map((lab) => lab.exit(longMs))))
    assert.equal(status, 0, stderr);
  const { status, stderr, summary } = await command.exit(longMs);
  assert.equal(status, 0, stderr);
  assert.ok(reached < rounds, 'the attack was over before the run was');
  ledger.assertReached();
  assert.ok(refusalsOf(command) > 0, 'the coordinator has counted whom it refused');
  assert.deepEqual([summary.status, summary.rounds_completed, summary.malformed], ['completed', rounds, 0]);
  assert.equal(lostContributions(summary, names), 0);
  assert.deepEqual(strangersIn(command, names), []);
  assert.deepEqual(unexpectedEnds(command), []);
  // A broker throws away what lies in wait for a reader beyond 1,000 messages, also of a link, which is dialed again then:
  // to say so is true where the link was down at that moment, and of nothing else.
  const down = command.lines.filter(({ event, state }) => event === 'link_state' && state === 'lost');
  const isSo = ({ rule, subject, since }: Summary['verdicts'][number]): boolean =>
    rule === 'link-lost' &&
    down.some((line) => line['participant'] === subject && Math.abs(Number(line['at']) - Date.parse(since)) < 1000);
  assert.deepEqual(
    blamed(summary).filter((verdict) => !isSo(verdict)),
    [],
  );
}

describe('somebody else at what carries a run: it goes on', { concurrency: true }, () => {
  const mosquitto = findMosquitto();
  const noMosquitto = 'missing' in mosquitto ? mosquitto.missing : false;

  // By default it throws away what lies in wait for a reader beyond 1,000 messages; some keep all of it.
  for (const [limit, lines] of [
    ['of its own', []],
    ['of none', ['max_queued_messages 0']],
  ] as const)
    test(
      `at a Mosquitto where everybody may read and write everything, with a limit ${limit}`,
      { skip: noMosquitto },
      async () => {
        assert.ok('path' in mosquitto);
        await using broker = await startMosquitto(mosquitto.path, lines);
        const attack = ({ run }: Invitation, ledger: Ledger): Promise<void> =>
          attackOutsideMqtt(broker.url, run, names, ledger);
        await besiege(['--transport', 'mqtt', '--broker', broker.url], { before: attack, during: attack });
      },
    );

  test('at a RabbitMQ, with the rights of the coordinator', { skip: missingRabbitmq() }, async () => {
    await using broker = await startRabbitmq('hostile');
    await giveAllRights(broker);
    const attack = ({ run }: Invitation, ledger: Ledger): Promise<void> =>
      attackOutsideAmqp(broker.url, run, () => queuesOf(broker), ledger);
    await besiege(['--transport', 'amqp', '--broker', broker.url], { during: attack });
  });

  test('in the domain of DDS, and at the port of its discovery', { skip: noLibrary }, async () => {
    const attack = async (invitation: Invitation, ledger: Ledger): Promise<void> => {
      const [endpoint] = invitation.endpoints;
      assert.ok(endpoint !== undefined);
      await Promise.all([
        attackRtps(endpoint.port, ledger),
        // Of data, which lies beside discovery.
        attackRtps(endpoint.port + 1, ledger),
        attackDomain(invitation, endpoint, names[0], ledger),
      ]);
    };
    await besiege(['--transport', 'dds'], { during: attack });
  });
});
