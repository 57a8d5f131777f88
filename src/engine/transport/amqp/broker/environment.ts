import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findRabbitmq, rabbitmqVariable } from './rabbitmq-program.ts';

/** Names a PEM file of certificate authorities that may vouch for a broker, beside the system's. */
export const authoritiesVariable = 'ROUNDSCOPE_AMQP_CA';

export const rabbitmqFix = `Debian and Ubuntu: sudo apt-get install rabbitmq-server; a run starts its own, no service is needed. Elsewhere put the path of rabbitmq-server into ${rabbitmqVariable}; on the command line a broker that runs already will do. The other transports work without it.`;

/** What the environment says about brokers. */
export function amqpEnvironment(env: NodeJS.ProcessEnv): { readonly rabbitmq?: string; readonly caFile?: string } {
  const [rabbitmq, caFile] = [env[rabbitmqVariable], env[authoritiesVariable]];
  return {
    ...(rabbitmq === undefined || rabbitmq === '' ? {} : { rabbitmq }),
    ...(caFile === undefined || caFile === '' ? {} : { caFile }),
  };
}

/**
 * Resolves with which RabbitMQ a run would start; rejects with why there is none. Runs nothing: RabbitMQ's own tools start
 * Erlang's daemon for the names of ports, which would outlive them.
 */
export async function tryRabbitmq(env: NodeJS.ProcessEnv): Promise<string> {
  const found = findRabbitmq(amqpEnvironment(env).rabbitmq);
  if ('missing' in found) throw new Error(found.missing);
  const version = await versionOf(found.server);
  return `RabbitMQ ${version ?? 'of a version that its files do not tell'}, ${found.server}`;
}

/** Out of the names that packages give their folders: `rabbitmq_server-3.10.8`, `Cellar/rabbitmq/3.13.1`, `plugins/rabbit-3.13.1`. */
async function versionOf(server: string): Promise<string | undefined> {
  const path = await realpath(server);
  const home = dirname(dirname(path));
  const names = await Promise.all(
    ['lib', 'plugins'].map((folder) => readdir(join(home, folder)).catch((): string[] => [])),
  );
  return [path, ...names.flat()]
    .map((name) => /(?:rabbitmq_server-|rabbitmq\/|^rabbit-)(\d+\.\d+[\w.]*)/.exec(name)?.[1])
    .find((version) => version !== undefined)
    ?.replace(/\.ez$/, '');
}
