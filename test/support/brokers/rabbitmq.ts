import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { Certificate } from '#engine/identity/certificate.ts';
import { createIdentityCertificate } from '#engine/identity/identity-certificate.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { coordinatorUser } from '#engine/transport/amqp/broker/private-broker-files.ts';
import { PrivateBroker } from '#engine/transport/amqp/broker/private-broker.ts';
import { findRabbitmq } from '#engine/transport/amqp/broker/rabbitmq-program.ts';
import { freePort } from './mosquitto.ts';

const told = process.env['ROUNDSCOPE_RABBITMQ'];
const password = 'pass+word/of tests';

/** Why tests that need RabbitMQ are skipped; false: it is installed. */
export function missingRabbitmq(): string | false {
  const found = findRabbitmq(told);
  return 'missing' in found ? found.missing : false;
}

export interface RunningRabbitmq extends AsyncDisposable {
  /** With user and password, as people give it for a broker of theirs. */
  readonly url: string;
  readonly broker: PrivateBroker;
  /** Ends it without a goodbye to anybody. */
  kill(): Promise<void>;
  /** Says it to Erlang, as `rabbitmqctl eval` does, which takes seconds to start: `rabbit:stop().` Returns the answer. */
  tell(erlang: string): Promise<string>;
  /** On the same port, with what it knew or without. */
  startAgain(state: 'kept' | 'lost'): Promise<void>;
}

/** A real broker on free loopback ports, for one run's name: somebody else's, which speaks plain AMQP beside TLS. */
export async function startRabbitmq(
  run: string,
  {
    lines = [],
    certificate = someCertificate(),
  }: { readonly lines?: readonly string[]; readonly certificate?: Certificate } = {},
): Promise<RunningRabbitmq> {
  const plainPort = await freePort();
  const broker = await PrivateBroker.start({
    host: '127.0.0.1',
    port: 0,
    run,
    passwords: { coordinator: password, participants: 'participants' },
    lines,
    plainPort,
    certificate,
    signal: new AbortController().signal,
    clock: systemClock,
    entropy: systemEntropy,
    ...(told === undefined ? {} : { program: told }),
  });
  const url = new URL(`amqp://127.0.0.1:${plainPort}`);
  url.username = coordinatorUser;
  url.password = encodeURIComponent(password);
  return {
    url: url.href,
    broker,
    kill: async () => {
      const { pid, ended } = broker.place;
      for (const child of childrenOf(pid)) if (child.command.includes('beam.smp')) process.kill(child.pid, 'SIGKILL');
      await ended;
    },
    tell: (erlang) => tellErlang(broker, erlang),
    startAgain: async (state) => {
      if (state === 'lost') await rm(join(broker.place.folder, 'data'), { recursive: true });
      await broker.ensureRunning();
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** By a small node of Erlang's own tools, over the broker's own daemon and with its cookie. */
async function tellErlang(broker: PrivateBroker, erlang: string): Promise<string> {
  const { pid, folder } = broker.place;
  const server = childrenOf(pid).find(({ command }) => command.includes('beam.smp'));
  if (server === undefined) throw new Error('the broker is not running');
  const entries = readFileSync(`/proc/${server.pid}/environ`, 'utf8').split('\0');
  const of = (name: string): string =>
    entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const cookie = readFileSync(join(folder, 'home', '.erlang.cookie'), 'utf8');
  const child = spawn('erl_call', ['-c', cookie, '-n', of('RABBITMQ_NODENAME'), '-e'], {
    env: { ...process.env, ERL_EPMD_PORT: of('ERL_EPMD_PORT'), ERL_EPMD_ADDRESS: '127.0.0.1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  child.stdin.end(`${erlang}\n`);
  const [status] = await once(child, 'close');
  if (status !== 0 || !said.startsWith('{ok,')) throw new Error(`Erlang does not do ${erlang}: ${said}`);
  return said;
}

function someCertificate(): Certificate {
  return createIdentityCertificate(createIdentity(), { nowMs: systemClock.wallMs() });
}

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Processes of this machine whose parent is `pid` (Linux). */
export function childrenOf(pid: number): readonly Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1];
      if (parent !== String(pid)) return [];
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      // It has ended since it was listed.
      return [];
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process, which is the answer.
    return false;
  }
}
