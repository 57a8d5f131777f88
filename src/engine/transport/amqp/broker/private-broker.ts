import { spawn as startProcess, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { timing } from '#shared/contract/limits.ts';
import { localHost } from '#engine/transport/addresses.ts';
import { cannotListen } from '#engine/transport/endpoint-errors.ts';
import { urlOf } from '../amqp-url.ts';
import { AmqpConnection } from '../connection.ts';
import { brokerEnvironment, coordinatorUser, makeBrokerFolder, type BrokerSettings } from './private-broker-files.ts';
import { findRabbitmq, type RabbitmqPrograms } from './rabbitmq-program.ts';
import { rabbitmqFix } from './environment.ts';

export interface PrivateBrokerOptions extends Omit<BrokerSettings, 'salts'> {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** `rabbitmq-server`, where it is not where its packages put it. */
  readonly program?: string;
}

/**
 * Starts RabbitMQ and the daemon that it names its port to, and ends both and removes their folder when its
 * pipe closes, which it does however the process ends that has the other end. When RabbitMQ ends by itself the folder
 * stays, for the next start. `read` is part of the shell, so nothing outlives this.
 */
const keeper = `
"$2" -port "$ERL_EPMD_PORT" -address 127.0.0.1 </dev/null >/dev/null 2>&1 &
names=$!
"$3" </dev/null >"$1/log/start.log" 2>&1 &
server=$!
{ while read -r _; do :; done; kill -TERM $$; } <&3 &
watch=$!
exec 3<&-
trap over=1 TERM
wait "$server"
trap '' TERM
kill -KILL "$server" "$watch" "$names" 2>/dev/null
wait
[ -z "$over" ] || rm -rf "$1"
`;

/** How often a broker that is starting is asked whether it is there. */
const askMs = 100;

/**
 * RabbitMQ for one run, which nobody else's is touched by: node name, ports, data, log and users of its own, all but its
 * AMQP port on loopback only. It speaks TLS 1.3 alone, on loopback too. Decision 0042.
 */
export class PrivateBroker implements AsyncDisposable {
  readonly url: string;
  readonly #options: PrivateBrokerOptions;
  readonly #programs: RabbitmqPrograms;
  readonly #folder: string;
  readonly #node: string;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  private constructor(
    options: PrivateBrokerOptions,
    programs: RabbitmqPrograms,
    place: { readonly folder: string; readonly port: number },
  ) {
    this.#options = options;
    this.#programs = programs;
    this.#folder = place.folder;
    this.#node = `roundscope-${entropyHex(options.entropy, 6)}`;
    this.url = urlOf(localHost(options.host), place.port);
  }

  /** @throws RoundscopeError `transport_unavailable` where RabbitMQ is not installed or does not start, `port_in_use`, `settings_invalid` */
  static async start(options: PrivateBrokerOptions): Promise<PrivateBroker> {
    options.signal.throwIfAborted();
    const { host, program, entropy } = options;
    const programs = findRabbitmq(program);
    if ('missing' in programs) throw notInstalled(programs.missing);
    const port = await freePort(host, options.port);
    const salts = { coordinator: entropy.bytes(4), participants: entropy.bytes(4) };
    const folder = await makeBrokerFolder({ ...options, port, salts });
    const broker = new PrivateBroker(options, programs, { folder, port });
    try {
      await broker.ensureRunning();
      return broker;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Process that keeps it, where its files are, and when it has ended; for tests. */
  get place(): { readonly pid: number; readonly folder: string; readonly ended: Promise<void> } {
    return { pid: this.#child?.pid ?? 0, folder: this.#folder, ended: this.#ended };
  }

  /** Starts it again on the same port with the same data, if it has ended. */
  async ensureRunning(): Promise<void> {
    if (this.#child !== null) return;
    const ports = { distribution: await freePort('127.0.0.1', 0), names: await freePort('127.0.0.1', 0) };
    const child = startProcess(
      '/bin/sh',
      ['-c', keeper, 'roundscope-broker', this.#folder, this.#programs.epmd, this.#programs.server],
      {
        env: brokerEnvironment(this.#folder, this.#node, ports),
        cwd: this.#folder,
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        // Ctrl+C in a terminal goes to every process of its group, and the run needs its broker to end in order.
        detached: true,
      },
    );
    this.#child = child;
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    child.once('error', () => ended.resolve());
    child.once('exit', () => ended.resolve());
    spawn(
      'watching the broker of this run',
      ended.promise.then(() => {
        if (this.#child === child) this.#child = null;
      }),
    );
    await this.#answering(ended.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.stdio[3]?.destroy();
    await this.#ended;
    // Its keeper has done so, unless that was ended before.
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answering(ended: Promise<void>): Promise<void> {
    const { clock, signal, passwords, certificate } = this.#options;
    using deadline = clock.deadline(timing.brokerStartMs, signal);
    let over = false;
    spawn(
      'watching the broker of this run',
      ended.then(() => (over = true)),
    );
    for (;;) {
      signal.throwIfAborted();
      if (over) throw doesNotStart(await this.#lastWords());
      if (deadline.aborted) throw doesNotStart(`it did not answer within ${timing.brokerStartMs / 1000} s`);
      try {
        const connection = await AmqpConnection.open({
          url: this.url,
          user: { username: coordinatorUser, password: passwords.coordinator },
          name: 'roundscope start',
          trust: { by: 'certificate', pem: certificate.certificatePem },
          signal: deadline,
          clock,
        });
        return await connection.end();
      } catch (error) {
        // Not there yet, or not ready: only the end of the process or of our patience says that it will not be.
        if (error instanceof RoundscopeError && error.code === 'broker_refused') throw error;
      }
      await clock.sleep(askMs, { signal });
    }
  }

  /** Why it did not start, in its own words. */
  async #lastWords(): Promise<string> {
    for (const name of ['start.log', 'broker.log']) {
      const text = await readFile(join(this.#folder, 'log', name), 'utf8').catch(() => '');
      const said = /(?:ERROR|\[error\])[^\n]*: ([^\n]+)/.exec(text)?.[1] ?? text.trim().split('\n').at(-1);
      if (said !== undefined && said !== '') return said.slice(0, 300);
    }
    return 'it ended without a word';
  }
}

/** The port itself when it is free; for 0 any. @throws RoundscopeError `port_in_use`, `settings_invalid` */
async function freePort(host: string, wanted: number): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: wanted, exclusive: true }, () => {
        const address = server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : wanted);
      });
    });
  } catch (error) {
    throw cannotListen({ host, port: wanted }, 'TCP', error);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function notInstalled(missing: string): RoundscopeError {
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `AMQP needs a broker, and ${missing}. ${rabbitmqFix}`,
  });
}

function doesNotStart(why: string): RoundscopeError {
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `RabbitMQ does not start: ${why}; see what is wrong with "rabbitmq-server" alone, or choose another transport`,
    context: { option: '--broker amqp://user:password@host, for a broker that runs already' },
  });
}
