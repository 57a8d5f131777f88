import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { MqttTransport } from '#engine/transport/mqtt/mqtt-transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { anyBulk, modelMessage, progressMessage, take } from '#test/support/kits/messages.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';

const mosquitto = findMosquitto();
const run = asRunId('run-1');
const token = 'a-token-of-sixteen-or-more';
const signal = new AbortController().signal;

describe('a broker that is killed in mid-transfer', () => {
  test(
    'the transfer goes on over the next one and arrives once, whole',
    { skip: 'missing' in mosquitto && mosquitto.missing },
    async () => {
      assert.ok('path' in mosquitto);
      await using first = await startMosquitto(mosquitto.path);
      const [serving, identity] = [createIdentity(), createIdentity()];
      const parts = { clock: systemClock, entropy: systemEntropy, brokerUrl: first.url };
      const accepted = Promise.withResolvers<Link>();
      await using acceptor = new LinkAcceptor({
        ...parts,
        run,
        token,
        identity: serving,
        reporter: new RecordingReporter(),
        onLink: (link) => accepted.resolve(link),
      });
      const listening = new MqttTransport({ ...parts, identity: serving });
      await using listener = await listening.listen({
        signal,
        run,
        token,
        host: '127.0.0.1',
        port: 0,
        onSession: (session) => acceptor.accept(session),
        onRefused: () => undefined,
      });
      const reports = new RecordingReporter();
      const started = Promise.withResolvers<void>();
      const reporter = {
        packet: (packet: Parameters<RecordingReporter['packet']>[0]) => {
          reports.packet(packet);
          // Some of it is there, most of it is not.
          if (packet.kind === 'chunk' && packet.side === 'received') started.resolve();
        },
        event: reports.event.bind(reports),
      };
      await using participant = await DialingLink.open({
        ...parts,
        invitation: {
          run,
          token,
          identity: serving.peerId,
          endpoints: [...listener.endpoints],
          pass: signedPass(serving, run, { generation: 0 }),
        },
        participant: asParticipantId('node-1'),
        identity,
        transport: new MqttTransport({ ...parts, identity }),
        random: seededRandom('jitter'),
        reporter,
        signal,
      });
      const coordinator = await accepted.promise;
      participant.expect(anyBulk);
      const model = modelMessage(48 * 1024 * 1024);
      await coordinator.send(model, { signal });
      await started.promise;
      await first.kill();
      await coordinator.send(progressMessage(7), { signal });
      await using _second = await startMosquitto(mosquitto.path, [], first.port);
      const messages = await take(participant.messages()[Symbol.asyncIterator](), 2);
      const payload = messages.find((message) => message.payload !== undefined)?.payload;
      assert.equal(Buffer.compare(payload as Uint8Array, model.payload?.bytes as Uint8Array), 0);
      assert.ok(participant.status.reconnects >= 1);
      const bytes = reports.ofKind('chunk').filter(({ status }) => status === 'ok');
      const received = bytes.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
      assert.equal(received, 48 * 1024 * 1024, 'no byte twice: it went on where it was');
    },
  );
});
