import { randomBytes } from 'node:crypto';
import { inboxOf, sessionQueues, undeliverableOf } from '#engine/transport/amqp/names.ts';
import { sealedVersion } from '#engine/transport/sealed/handshake.ts';
import { requestType } from '#engine/transport/amqp/session-message.ts';
import { stranger } from '#test/support/brokers/amqp-kit.ts';
import type { RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { inParallel, whateverHappens, type Ledger } from './ledger.ts';

const messages = 1500;

/**
 * Somebody with rights at a RabbitMQ elsewhere: junk in the queue of requests, into the exchange of what is undeliverable,
 * into the queues of sessions that are open (`queues` names them), and queues of its own beside them. Reached: the broker
 * confirmed it.
 */
export async function attackOutsideAmqp(
  url: string,
  run: string,
  queues: () => Promise<readonly string[]>,
  ledger: Ledger,
): Promise<void> {
  const connection = await stranger(url);
  try {
    const publish = async (kind: string, queue: string, content: Uint8Array, type: string): Promise<void> => {
      ledger.made(kind);
      const confirmed = connection.publish('control', { queue, type, content: Buffer.from(content) }).then(
        () => true,
        // A full queue refuses, which is an answer as well.
        (error: unknown) => error instanceof Error && error.message.includes('full'),
      );
      if ((await whateverHappens(confirmed, 10_000)) === true) ledger.reached(kind);
    };
    const inbox = inboxOf(run);
    const key = randomBytes(32).toString('hex');
    const request = {
      type: 'open',
      version: 99,
      participant: 'mallory',
      session: key,
      key,
      coordinator: key.slice(0, 43),
      proof: key,
    };
    const requests = [
      request,
      { ...request, version: 1 },
      { ...request, version: sealedVersion },
      { ...request, version: sealedVersion, participant: '../..' },
    ];
    for (const type of ['', requestType, 'refuse', 'beat', 'ended', 'x'.repeat(200)]) {
      for (const bytes of Object.values(hostileBytes)) await publish('AMQP: junk among requests', inbox, bytes, type);
      for (const asked of requests)
        await publish('AMQP: requests without proof', inbox, Buffer.from(JSON.stringify(asked)), type);
    }
    await inParallel(messages, 50, () => publish('AMQP: a flood of requests', inbox, Buffer.from('{}'), requestType));
    const open = await queues();
    const sessions = open.filter((name) => name.includes(`.${run}.p.`) && /\.(up|down)\.(control|bulk)$/.test(name));
    for (const queue of sessions)
      for (const [index, bytes] of Object.values(hostileBytes).entries())
        await publish(
          'AMQP: junk in the queues of sessions',
          queue,
          bytes,
          ['', 'bulk:1', 'control', 'session'][index % 4] ?? '',
        );
    const { channel } = await connection.openReader();
    const kind = 'AMQP: the exchange of what is undeliverable';
    for (const bytes of Object.values(hostileBytes)) {
      ledger.made(kind);
      if (channel.publish(undeliverableOf(run), '', Buffer.from(bytes))) ledger.reached(kind);
    }
    const own = 'AMQP: queues of its own beside them';
    for (let i = 0; i < 50; i++) {
      ledger.made(own);
      const { control } = sessionQueues({ run, participant: 'mallory', session: `${key.slice(2)}${i}` }, 'up').out;
      const arguments_ = { 'x-expires': 20_000, 'x-max-length': 1 };
      const made = channel.assertQueue(control, { durable: true, arguments: arguments_ }).then(() => true);
      if ((await whateverHappens(made, 5000)) === true) ledger.reached(own);
    }
  } finally {
    await connection.end();
  }
}

/** Names of all queues, as its operator sees them. */
export async function queuesOf(broker: Pick<RunningRabbitmq, 'tell'>): Promise<readonly string[]> {
  const said = await broker.tell('[binary_to_list(element(4, N)) || N <- rabbit_amqqueue:list_names()].');
  return said.match(/roundscope\.[\w.-]+/g) ?? [];
}

/** Its user may do everything there, as is usual at a broker that somebody has: not what belongs to one run alone. */
export async function giveAllRights(broker: Pick<RunningRabbitmq, 'tell'>): Promise<void> {
  const all = '<<".*">>, <<".*">>, <<".*">>';
  await broker.tell(`rabbit_auth_backend_internal:set_permissions(<<"coordinator">>, <<"/">>, ${all}, <<"test">>).`);
}
