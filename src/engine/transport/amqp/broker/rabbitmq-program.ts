import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Names a `rabbitmq-server` of one's own, as a path. */
export const rabbitmqVariable = 'ROUNDSCOPE_RABBITMQ';

/** Programs of a private broker: the server's own start script, and Erlang's daemon for the names of ports. */
export interface RabbitmqPrograms {
  readonly server: string;
  readonly epmd: string;
}

/** Debian's `/usr/sbin/rabbitmq-server` changes user and writes to `/var/log`; the script behind it does neither. */
const serverPlaces = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server',
  '/usr/local/opt/rabbitmq/sbin/rabbitmq-server',
  '/opt/rabbitmq/sbin/rabbitmq-server',
];
const debianWrapper = '/usr/sbin/rabbitmq-server';

/** Where RabbitMQ is installed, or in words why it cannot be started from here. */
export function findRabbitmq(told?: string): RabbitmqPrograms | { readonly missing: string } {
  if (process.platform === 'win32') return { missing: 'Roundscope does not start RabbitMQ on Windows' };
  if (told !== undefined && !existsSync(told))
    return { missing: `${rabbitmqVariable} names ${told}, which is not there` };
  const wanted = told === undefined || told === debianWrapper ? serverPlaces : [told];
  const server =
    wanted.find((path) => existsSync(path)) ?? (told === undefined ? onPath('rabbitmq-server') : undefined);
  if (server === undefined) return { missing: 'RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)' };
  const epmd = onPath('epmd') ?? besideErlang();
  return epmd === undefined
    ? { missing: "Erlang's program epmd is not installed (Debian: apt-get install erlang-base)" }
    : { server, epmd };
}

function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => path !== debianWrapper && existsSync(path));
}

/** Packages that put only `erl` on the path have it in the runtime's folder. */
function besideErlang(): string | undefined {
  for (const root of ['/usr/lib/erlang', '/opt/homebrew/opt/erlang/lib/erlang', '/usr/local/opt/erlang/lib/erlang']) {
    if (!existsSync(root)) continue;
    const runtime = readdirSync(root).find((name) => name.startsWith('erts-'));
    const path = runtime === undefined ? '' : join(root, runtime, 'bin', 'epmd');
    if (runtime !== undefined && existsSync(path)) return path;
  }
  const erl = onPath('erl');
  const path = erl === undefined ? '' : join(dirname(erl), 'epmd');
  return path !== '' && existsSync(path) ? path : undefined;
}
