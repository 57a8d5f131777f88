import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { closeAllOf, MessagePortMain, relayClose, relayMessage, type Holder } from './message-channel.ts';
import type { UtilityMessage } from './utility-wire.ts';

const bootstrap = fileURLToPath(new URL('./utility-child.ts', import.meta.url));

/** A forked Node process that believes itself to be a utility process. */
export class UtilityProcess
  extends EventEmitter
  implements Pick<Electron.UtilityProcess, 'kill' | 'pid' | 'postMessage' | 'stderr' | 'stdout'>
{
  readonly #child: ChildProcess;
  readonly #holder: Holder = {
    deliver: (port, data) => this.#send({ kind: 'port_message', port, data }),
    close: (port) => this.#send({ kind: 'port_close', port }),
  };

  static fork(modulePath: string, args: string[] = [], options: Electron.ForkOptions = {}): UtilityProcess {
    return new UtilityProcess(modulePath, args, options);
  }

  private constructor(modulePath: string, args: string[], options: Electron.ForkOptions) {
    super();
    const stdio = Array.isArray(options.stdio) ? options.stdio : Array<'pipe' | 'inherit'>(3).fill('inherit');
    this.#child = fork(bootstrap, [modulePath, ...args], {
      serialization: 'advanced',
      stdio: ['ignore', stdio[1] ?? 'inherit', stdio[2] ?? 'inherit', 'ipc'],
      execArgv: [],
      ...(options.env === undefined ? {} : { env: options.env as NodeJS.ProcessEnv }),
    });
    this.#child.once('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.#onMessage(message as UtilityMessage));
    // The pipe to a process that is gone: its end is told below.
    this.#child.on('error', () => undefined);
    this.#child.once('close', (code, signal) => {
      closeAllOf(this.#holder);
      this.emit('exit', code ?? (signal === null ? 0 : constants.signals[signal]));
    });
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  get stdout(): NodeJS.ReadableStream | null {
    return this.#child.stdout;
  }

  get stderr(): NodeJS.ReadableStream | null {
    return this.#child.stderr;
  }

  postMessage(data: unknown, transfer: Electron.MessagePortMain[] = []): void {
    // The process learns of a port by the message that brings it, so what waits in the port comes after that.
    this.#send({ kind: 'message', data, ports: transfer.map((port) => MessagePortMain.idOf(port)) });
    for (const port of transfer) MessagePortMain.give(port, this.#holder);
  }

  kill(): boolean {
    return this.#child.kill('SIGTERM');
  }

  #send(message: UtilityMessage): void {
    // A process that has just died is told nothing.
    if (this.#child.connected) this.#child.send(message, (error) => void error);
  }

  #onMessage(message: UtilityMessage): void {
    if (message.kind === 'message') this.emit('message', message.data);
    else if (message.kind === 'port_message') relayMessage(message.port, message.data);
    else relayClose(message.port);
  }
}
