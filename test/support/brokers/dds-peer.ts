import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Identity } from '#engine/identity/identity.ts';
import { privateKeyOf } from '#engine/identity/peer-id.ts';
import { Notifier } from '#engine/link/notifier.ts';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('../dds-peer', import.meta.url));
const idl = fileURLToPath(new URL('../../../resources/idl/roundscope.idl', import.meta.url));

interface Tools {
  readonly idlc: string;
  readonly compiler: string;
}

/** What the C program is built with, or why its tests are skipped. */
export function findTools(): Tools | { readonly missing: string } {
  const idlc = process.env['ROUNDSCOPE_IDLC'] ?? onPath('idlc');
  const compiler = process.env['ROUNDSCOPE_CC'] ?? onPath('gcc') ?? onPath('cc');
  if (idlc === undefined) return { missing: 'idlc is not installed (Debian: apt-get install cyclonedds-tools)' };
  if (compiler === undefined) return { missing: 'there is no C compiler (Debian: apt-get install gcc libc6-dev)' };
  const absent = ['dds/dds.h', 'openssl/evp.h'].find((name) => !existsSync(`/usr/include/${name}`));
  if (absent === undefined) return { idlc, compiler };
  return { missing: `${absent} is not installed (Debian: apt-get install cyclonedds-dev libssl-dev)` };
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** The program of `test/support/dds-peer`, in a temporary folder that goes with it. */
export interface BuiltPeer extends AsyncDisposable {
  readonly path: string;
}

export async function buildPeer({ idlc, compiler }: Tools): Promise<BuiltPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-dds-peer-'));
  const path = join(folder, 'peer');
  await run(idlc, [idl], { cwd: folder });
  const files = ['peer.c', 'session.c', 'secrets.c'].map((name) => join(sources, name));
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Werror', `-I${folder}`];
  await run(compiler, [...flags, '-o', path, join(folder, 'roundscope.c'), ...files, '-lddsc', '-lcrypto']);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export interface PeerPart {
  readonly role: 'participant' | 'coordinator';
  /** Of `domainConfig`. */
  readonly config: string;
  readonly run: string;
  readonly participant: string;
  readonly token: string;
  /** Whom the invitation names; the program signs as this one when it is the coordinator. */
  readonly coordinator: Identity;
  /** It is there, and its topics have another type or quality of service than ours. */
  readonly fault?: 'type' | 'quality';
}

/** One run of the program; what it needs goes over stdin, secrets do not belong into arguments. */
export class Peer implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly exit: Promise<{ readonly code: number | null; readonly stderr: string }>;
  readonly #child: ChildProcess;
  readonly #news = new Notifier();
  #stderr = '';
  #ended = false;

  constructor(built: BuiltPeer, part: PeerPart) {
    this.#child = spawn(built.path, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { role, config, run: name, participant, token, coordinator, fault = 'none' } = part;
    const key = privateKeyOf(coordinator.privateKeyProtobuf);
    const raw =
      role === 'coordinator' ? key.export({ format: 'jwk' }).d : createPublicKey(key).export({ format: 'jwk' }).x;
    const hex = Buffer.from(raw ?? '', 'base64url').toString('hex');
    const lines = [role, config.replaceAll('\n', ''), name, participant, token, coordinator.peerId, hex, fault];
    this.#child.stdin?.end(`${lines.join('\n')}\n`);
    this.#child.stderr?.on('data', (data: Buffer) => void (this.#stderr += data.toString()));
    const { promise, resolve } = Promise.withResolvers<Awaited<Peer['exit']>>();
    this.exit = promise;
    this.#child.on('close', (code) => {
      this.#ended = true;
      this.#news.notify();
      resolve({ code, stderr: this.#stderr });
    });
    if (this.#child.stdout === null) throw new Error('the peer has no stdout');
    createInterface(this.#child.stdout).on('line', (line) => {
      this.lines.push(line);
      this.#news.notify();
    });
  }

  /** The first line that begins with this word; rejects when the program ends without it. */
  async said(word: string): Promise<string> {
    for (;;) {
      const line = this.lines.find((candidate) => candidate.startsWith(`${word} `));
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`the peer ended without ${word}: ${this.lines.join(' | ')} ${this.#stderr}`);
      await this.#news.wait();
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill('SIGKILL');
    await this.exit;
  }
}
