import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { amqpParts, never } from '#test/support/brokers/amqp-kit.ts';
import { anyBulk, modelMessage, take } from '#test/support/kits/messages.ts';
import { missingRabbitmq, startRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import type { Session } from '#engine/transport/transport.ts';
import { AmqpTransport } from '../amqp-transport.ts';

const run = asRunId('r-restart');
const token = 'restart-token-0123456789';
const patience = { timeout: 120_000 };

describe('a broker that ends and is started again', { skip: missingRabbitmq() }, () => {
  for (const state of ['kept', 'lost'] as const) {
    test(`its state ${state}: a transfer goes on and arrives once, whole`, patience, async () => {
      await using rabbitmq = await startRabbitmq(run);
      const reports = { participant: new RecordingReporter(), coordinator: new RecordingReporter() };
      const accepted = Promise.withResolvers<Link>();
      const { clock, entropy } = amqpParts;
      const reporter = reports.coordinator;
      await using acceptor = new LinkAcceptor({
        ...{ run, token, clock, entropy, reporter },
        identity: amqpParts.identity,
        onLink: accepted.resolve,
      });
      const sessions: Session[] = [];
      const told: string[] = [];
      await using listener = await new AmqpTransport({ ...amqpParts, brokerUrl: rabbitmq.url }).listen({
        signal: never,
        run,
        token,
        host: '127.0.0.1',
        port: 0,
        onSession: (session) => {
          sessions.push(session);
          acceptor.accept(session);
        },
        onRefused: ({ address, reason }) => told.push(`${address}: ${reason}`),
        onBroker: ({ state, reason }) => told.push(`broker ${state}: ${reason}`),
      });
      await using link = await DialingLink.open({
        invitation: {
          run,
          token,
          identity: amqpParts.identity.peerId,
          endpoints: [...listener.endpoints],
          pass: signedPass(amqpParts.identity, run, { generation: 0 }),
        },
        participant: asParticipantId('node-1'),
        identity: amqpParts.identity,
        transport: new AmqpTransport(amqpParts),
        clock,
        random: seededRandom('restart'),
        entropy,
        reporter: reports.participant,
        signal: never,
      });
      const coordinator = await accepted.promise;
      coordinator.expect(anyBulk);
      const received = (): number =>
        reporter.ofKind('chunk').filter(({ side, status }) => side === 'received' && status === 'ok').length;
      const model = modelMessage(96 * limits.chunkBytes);
      const messages = coordinator.messages()[Symbol.asyncIterator]();
      const arrived = take(messages, 1);
      await link.send(model, { signal: never });
      while (received() < 20) await new Promise((next) => setImmediate(next));
      await rabbitmq.kill();
      const end = await sessions[0]?.closed;
      assert.deepEqual([end?.code, end?.local], ['lost', false]);
      assert.notEqual(end?.reason, '');
      assert.ok(received() < 96, 'the transfer was over before the broker ended');
      await rabbitmq.startAgain(state);
      const [got] = await arrived;
      assert.equal(Buffer.compare(got?.payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
      assert.equal(link.status.connections, 2);
      assert.match(told.join('\n'), /broker lost: /);
      assert.doesNotMatch(told.join('\n'), /pass/);
      // Counted once: what comes next is not the model again.
      const next = take(messages, 1);
      await link.send(modelMessage(1000, 2), { signal: never });
      assert.equal((await next)[0]?.payload?.byteLength, 1000);
    });
  }
});
