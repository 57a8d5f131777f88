import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const paths = [
  '/usr/sbin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
  'C:\\Program Files\\mosquitto\\mosquitto.exe',
];

/** Where Mosquitto is installed, or why its tests are skipped. */
export function findMosquitto(): { readonly path: string } | { readonly missing: string } {
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? { missing: 'Mosquitto is not installed (Debian: apt-get install mosquitto)' } : { path };
}

export interface RunningBroker extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it without a goodbye to anybody. */
  kill(): Promise<void>;
  /** Other access rules from now on. */
  allow(rules: readonly string[]): Promise<void>;
  /** It reads its files again. */
  reload(): void;
  /** It stands still, with its connections open, until it is let go on. */
  freeze(): void;
  thaw(): void;
}

/** A real broker of its own on a free loopback port; `lines` are added to its configuration. */
export async function startMosquitto(
  path: string,
  lines: readonly string[] = [],
  wantedPort = 0,
  rules: readonly string[] | null = null,
): Promise<RunningBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-mosquitto-'));
  const port = wantedPort === 0 ? await freePort() : wantedPort;
  const config = join(folder, 'mosquitto.conf');
  const acl = join(folder, 'acl');
  const writeRules = (wanted: readonly string[]): Promise<void> =>
    writeFile(acl, [...wanted, ''].join('\n'), { mode: 0o600 });
  if (rules !== null) await writeRules(rules);
  await writeFile(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      'set_tcp_nodelay true',
      // As root it would change to a user that may not read the folder.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...(rules === null ? [] : [`acl_file ${acl}`]),
      ...lines,
      '',
    ].join('\n'),
  );
  const broker = spawn(path, ['-c', config], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => broker.once('exit', () => resolve()));
  await answering(port);
  const kill = async (): Promise<void> => {
    broker.kill('SIGKILL');
    await exited;
  };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    kill,
    allow: async (wanted) => {
      await writeRules(wanted);
      broker.kill('SIGHUP');
    },
    reload: () => void broker.kill('SIGHUP'),
    freeze: () => void broker.kill('SIGSTOP'),
    thaw: () => void broker.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function answering(port: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (there) return;
    await delay(50);
  }
  throw new Error(`mosquitto does not answer on port ${port}`);
}
