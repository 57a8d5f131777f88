import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { coordinatorUser } from '#engine/transport/amqp/private-broker-files.ts';
import { PrivateBroker } from '#engine/transport/amqp/private-broker.ts';
import { findRabbitmq } from '#engine/transport/amqp/rabbitmq-program.ts';

/** Why tests that need RabbitMQ are skipped; false: it is installed. */
export function missingRabbitmq(): string | false {
  const found = findRabbitmq(process.env['ROUNDSCOPE_RABBITMQ']);
  return 'missing' in found ? found.missing : false;
}

export interface RunningRabbitmq extends AsyncDisposable {
  /** With user and password, as people give it for a broker of theirs. */
  readonly url: string;
  readonly broker: PrivateBroker;
}

/** A real broker of its own on free loopback ports, shared by a test file, for one run's name. */
export async function startRabbitmq(run: string, lines: readonly string[] = []): Promise<RunningRabbitmq> {
  const program = process.env['ROUNDSCOPE_RABBITMQ'];
  const broker = await PrivateBroker.start({
    host: '127.0.0.1',
    port: 0,
    run,
    passwords: { coordinator: 'pass+word/of tests', participants: 'participants' },
    lines,
    signal: new AbortController().signal,
    clock: systemClock,
    entropy: systemEntropy,
    ...(program === undefined ? {} : { program }),
  });
  const url = new URL(broker.url);
  url.username = coordinatorUser;
  url.password = encodeURIComponent('pass+word/of tests');
  return { url: url.href, broker, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}
