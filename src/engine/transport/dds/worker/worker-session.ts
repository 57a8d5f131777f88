import type { SessionKeys } from '#engine/transport/sealed/handshake.ts';
import { Seal } from '#engine/transport/sealed/seal.ts';
import type { Cyclone, Entity } from './cyclone.ts';
import { giveBack } from '#engine/framing/give-back.ts';
import { Endpoint, takeSamples } from './entities.ts';
import { laneOf, pieceOf } from '../sample-piece.ts';
import { decodeSample, encodeSample, type SampleOrigin } from './structs.ts';
import type { WorkerNode } from './worker-node.ts';
import type { Report, SampleBody, SampleClass } from './worker-protocol.ts';

export interface WorkerSessionOptions {
  readonly session: number;
  readonly participant: string;
  readonly id: string;
  readonly keys: Omit<SessionKeys, 'channel'>;
}

/** Samples of one class that are reported at once; the next waits for its turn among the sessions. */
const takesMax = 4;

/** The two writers and two readers of a session, in a partition of its own. */
export class WorkerSession {
  readonly #cyclone: Cyclone;
  readonly #session: number;
  readonly #origin: SampleOrigin;
  readonly #seal: Seal;
  readonly #writers: Readonly<Record<SampleClass, Endpoint>>;
  readonly #readers: Readonly<Record<SampleClass, Endpoint>>;
  #allMatched = false;
  /** When its end gives up waiting for the peer to have everything. */
  closingAtMs: number | null = null;

  constructor(cyclone: Cyclone, node: WorkerNode, options: WorkerSessionOptions) {
    this.#cyclone = cyclone;
    this.#session = options.session;
    const { participant, id, keys } = options;
    this.#origin = { participant, run: node.run, session: id };
    this.#seal = new Seal(keys);
    const partition = `${node.run}/${participant}/${id}`;
    const quality = { durability: 'volatile', history: 'all', partition } as const;
    const make = (kind: 'reader' | 'writer', to: SampleClass): Endpoint =>
      new Endpoint(cyclone, {
        kind,
        participant: node.participant,
        topic: node.topic(to, kind === 'writer' ? 'out' : 'in'),
        quality,
      });
    this.#readers = { control: make('reader', 'control'), bulk: make('reader', 'bulk') };
    this.#writers = { control: make('writer', 'control'), bulk: make('writer', 'bulk') };
  }

  get readers(): readonly Entity[] {
    return [this.#readers.control.entity, this.#readers.bulk.entity];
  }

  get writersMatched(): boolean {
    return this.#writers.control.matched() > 0 && this.#writers.bulk.matched() > 0;
  }

  /** Null, or why it failed. Memory of the sample's bytes is gone afterwards. */
  send(to: SampleClass, sample: SampleBody): string | null {
    const [lane, piece] = [laneOf(sample), pieceOf(sample)];
    if (lane === null || piece === null) return 'it is none of this protocol';
    const tag = this.#seal.close(lane, piece, sample.bytes);
    const { struct, held } = encodeSample(this.#cyclone, this.#origin, sample, tag);
    const code = this.#cyclone.write(this.#writers[to].entity, struct);
    // Mentioned after the write, so that the memory which the struct points at is still there during it.
    const failed = code < 0 || held.length === 0;
    // Cyclone has copied it.
    giveBack(sample.bytes);
    return failed ? this.#cyclone.textOf(code) : null;
  }

  /** Opens it: of the session's other end it is readable afterwards. */
  #isGenuine(sample: SampleBody, tag: Uint8Array): boolean {
    const [lane, piece] = [laneOf(sample), pieceOf(sample)];
    return lane !== null && piece !== null && this.#seal.open(lane, piece, sample.bytes, tag);
  }

  /** Whether the peer is there: told when it has come, and when it has gone. */
  look(report: (report: Report) => void): void {
    const readersMatched = this.#readers.control.matched() > 0 && this.#readers.bulk.matched() > 0;
    const all = readersMatched && (this.#allMatched || this.writersMatched);
    if (all === this.#allMatched) return;
    this.#allMatched = all;
    report({ type: 'matched', session: this.#session, all });
  }

  /** Whether it still waits for the peer's first appearance, which no event of a reader tells in full. */
  get unmatched(): boolean {
    return !this.#allMatched;
  }

  /** True: there is more. */
  receive(report: (report: Report) => void): boolean {
    const controlMore = this.#take('control', report);
    return this.#take('bulk', report) || controlMore;
  }

  #take(from: SampleClass, report: (report: Report) => void): boolean {
    const samples: SampleBody[] = [];
    let forged = 0;
    let more = true;
    for (let i = 0; i < takesMax && more; i++) {
      more = takeSamples(this.#cyclone, this.#readers[from].entity, (address) => {
        const { sample, tag } = decodeSample(this.#cyclone, address);
        if (this.#isGenuine(sample, tag)) samples.push(sample);
        else forged++;
      });
    }
    if (samples.length > 0 || forged > 0) {
      report({ type: 'samples', session: this.#session, from, samples, forged });
    }
    return more;
  }

  get drained(): boolean {
    return (['control', 'bulk'] as const).every(
      (kind) => this.#cyclone.waitForAcks(this.#writers[kind].entity, 0n) === 0,
    );
  }

  delete(): void {
    for (const endpoint of [...Object.values(this.#writers), ...Object.values(this.#readers)]) endpoint.delete();
  }
}
