import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findRabbitmq, rabbitmqVariable } from './rabbitmq-program.ts';

/** Names a PEM file of certificate authorities that may vouch for a broker, beside the system's. */
export const authoritiesVariable = 'ROUNDSCOPE_AMQP_CA';

export const rabbitmqMend = `Debian and Ubuntu: sudo apt-get install rabbitmq-server; a run starts its own, no service is needed. Elsewhere put the path of rabbitmq-server into ${rabbitmqVariable}; on the command line a broker that runs already will do. The other transports work without it.`;

/** How long RabbitMQ's own tool may take to say its version: it starts Erlang, which is what is to be tried. */
const versionMs = 20_000;

/** What the environment says about brokers. */
export function amqpSurroundings(env: NodeJS.ProcessEnv): { readonly rabbitmq?: string; readonly caFile?: string } {
  const [rabbitmq, caFile] = [env[rabbitmqVariable], env[authoritiesVariable]];
  return {
    ...(rabbitmq === undefined || rabbitmq === '' ? {} : { rabbitmq }),
    ...(caFile === undefined || caFile === '' ? {} : { caFile }),
  };
}

/** Resolves with which RabbitMQ a run would start; rejects with why there is none. Starting it would take seconds. */
export async function tryRabbitmq(env: NodeJS.ProcessEnv): Promise<string> {
  const found = findRabbitmq(amqpSurroundings(env).rabbitmq);
  if ('missing' in found) throw new Error(found.missing);
  const tool = join(dirname(found.server), 'rabbitmqctl');
  if (!existsSync(tool)) throw new Error(`${tool} is missing beside ${found.server}`);
  const { stdout } = await withoutDaemon(found.epmd, (daemon) =>
    promisify(execFile)(tool, ['version'], { timeout: versionMs, env: { ...env, ...daemon } }),
  );
  return `RabbitMQ ${stdout.trim().split('\n').at(-1) ?? ''}, ${found.server}`;
}

/**
 * Erlang's tools start a daemon for the names of ports, which would outlive them and this check. It gets a port of its
 * own here, on loopback alone, and is ended as soon as the tool has.
 */
async function withoutDaemon<T>(epmd: string, act: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const port = String(await freePort());
  const own = { ERL_EPMD_PORT: port, ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_RELAXED_COMMAND_CHECK: '1' };
  try {
    return await act(own);
  } finally {
    // Refused where none was started, which is as well.
    await promisify(execFile)(epmd, ['-port', port, '-kill'], { timeout: versionMs }).catch(() => undefined);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
