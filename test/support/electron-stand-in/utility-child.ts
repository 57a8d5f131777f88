/** Runs before a utility process's own module: gives it Electron's `process.parentPort` over the pipe of `fork`. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { UtilityMessage } from './utility-wire.ts';

const send = process.send?.bind(process);
if (send === undefined) throw new Error('started by the stand-in alone');
// A utility process has no such pipe, so its code must not find one.
delete process.send;

function post(message: UtilityMessage): void {
  if (process.connected) send?.(message, undefined, undefined, (error) => void error);
}

/** The face that Electron's ports have in a utility process. */
class ChildPort extends EventEmitter {
  readonly #id: number;
  #queue: unknown[] | undefined = [];

  constructor(id: number) {
    super();
    this.#id = id;
  }

  postMessage(data: unknown): void {
    post({ kind: 'port_message', port: this.#id, data });
  }

  start(): void {
    const waiting = this.#queue ?? [];
    this.#queue = undefined;
    for (const data of waiting) this.receive(data);
  }

  close(): void {
    if (ports.delete(this.#id)) post({ kind: 'port_close', port: this.#id });
  }

  receive(data: unknown): void {
    if (this.#queue === undefined) this.emit('message', { data, ports: [] });
    else this.#queue.push(data);
  }
}

class ParentPort extends EventEmitter {
  postMessage(data: unknown): void {
    post({ kind: 'message', data, ports: [] });
  }
}

const ports = new Map<number, ChildPort>();
const parentPort = new ParentPort();
Object.assign(process, { parentPort });

/** What came before the process's own module has run. */
let early: UtilityMessage[] | undefined = [];

function receive(message: UtilityMessage): void {
  if (message.kind === 'message') {
    const handed = message.ports.map((id) => {
      const port = new ChildPort(id);
      ports.set(id, port);
      return port;
    });
    parentPort.emit('message', { data: message.data, ports: handed });
    return;
  }
  const port = ports.get(message.port);
  if (message.kind === 'port_message') port?.receive(message.data);
  else if (ports.delete(message.port)) port?.emit('close');
}

process.on('message', (message) => {
  if (early === undefined) receive(message as UtilityMessage);
  else early.push(message as UtilityMessage);
});
// As in Electron: no utility process outlives the app.
process.on('disconnect', () => process.exit(0));

process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1] ?? '').href);
const waiting = early;
early = undefined;
for (const message of waiting) receive(message);
