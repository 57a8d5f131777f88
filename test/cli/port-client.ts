import assert from 'node:assert/strict';
import type { WebSocket } from 'ws';
import { fromErrorReport } from '#shared/base/errors.ts';
import type { FromService, PortAnswers, RequestName, RequestOf, Snapshot } from '#shared/contract/app/port-api.ts';
import { applyEvent } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { keyOf, openPort } from '#test/support/page/open-address.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, patienceMs } from './command-line.ts';

const messageBytesMax = 64 * 1024 * 1024;

/** A service in browser mode, spoken to as its window speaks to it, without a window. */
export class PortClient implements AsyncDisposable {
  readonly command: Command;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Extract<FromService, { type: 'answer' }>) => void>();
  #nextId = 1;
  #view: RunView | null = null;

  private constructor(command: Command, socket: WebSocket) {
    this.command = command;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#hear(data.toString('utf8')));
  }

  static async open(): Promise<PortClient> {
    const command = new Command(['serve', '--idle', '--no-open']);
    try {
      await command.until(/\?token=\S+\n/);
      const address = new URL(command.stdout.trim());
      const socket = openPort(address.origin, (await keyOf(address)) ?? '');
      const client = new PortClient(command, socket);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return client;
    } catch (error) {
      await command[Symbol.asyncDispose]();
      throw error;
    }
  }

  async request<N extends RequestName>(name: N, params: RequestOf<N>): Promise<PortAnswers[N]> {
    const id = this.#nextId++;
    const answer = await new Promise<Extract<FromService, { type: 'answer' }>>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(encodePortMessage({ type: 'request', id, name, params }));
    });
    if (!answer.ok) throw fromErrorReport(answer.error);
    return answer.value as PortAnswers[N];
  }

  /** Waits until the run of this service is so. */
  async until(what: (view: RunView) => boolean): Promise<RunView> {
    for (const endMs = performance.now() + patienceMs; performance.now() < endMs; await delay(20)) {
      if (this.#view !== null && what(this.#view)) return this.#view;
    }
    return assert.fail(`the run did not come to ${String(what)}; its end: ${this.#view?.endReason ?? 'no run'}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.command[Symbol.asyncDispose]();
  }

  #hear(text: string): void {
    const decoded = decodePortMessage(text, messageBytesMax);
    assert.ok(decoded.ok);
    const message = decoded.value as FromService;
    if (message.type === 'snapshot') this.#view = (message satisfies Snapshot).view;
    if (message.type === 'answer') {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
    if (message.type !== 'batch') return;
    for (const event of message.events) if (this.#view !== null) this.#view = applyEvent(this.#view, event);
    this.#socket.send(encodePortMessage({ type: 'credit', batch: message.batch }));
  }
}
