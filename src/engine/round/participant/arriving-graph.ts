import { RoundscopeError, toErrorReport, type ErrorCode } from '#shared/base/errors.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { HeaderOf } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { GraphReference } from '#shared/contract/run/model-config.ts';
import { wordsOf } from '../words-of.ts';

/** Networks on this machine, by their hashes. */
export interface GraphStore {
  /** Null: not there, or damaged. */
  find(graph: GraphReference): Promise<Uint8Array | null>;
  keep(hash: Hash, file: Uint8Array): Promise<void>;
}

interface Parts {
  readonly graphs?: GraphStore | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** The network of a run on its way to a participant: no other one, no longer one, and none that was damaged. */
export class ArrivingGraph {
  readonly #parts: Parts;
  #waiting: { readonly graph: GraphReference; readonly settled: PromiseWithResolvers<Uint8Array> } | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One that is here from an earlier run; null: none is. */
  async find(graph: GraphReference): Promise<Uint8Array | null> {
    try {
      return (await this.#parts.graphs?.find(graph)) ?? null;
    } catch (error) {
      this.#warn('looked for on this machine', error);
      return null;
    }
  }

  /**
   * The one that the coordinator sends.
   * @throws RoundscopeError `payload_hash_mismatch` and others: what came is not what was announced
   */
  async arrival(graph: GraphReference, ask: () => void): Promise<Uint8Array> {
    const { signal } = this.#parts;
    const settled = Promise.withResolvers<Uint8Array>();
    this.#waiting = { graph, settled };
    const give = (): void => settled.reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    try {
      ask();
      return await settled.promise;
    } finally {
      signal.removeEventListener('abort', give);
      this.#waiting = null;
    }
  }

  /** Once it has been read. A disk that does not take it costs another transfer in the next run, and nothing now. */
  async keep(hash: Hash, file: Uint8Array): Promise<void> {
    try {
      await this.#parts.graphs?.keep(hash, file);
    } catch (error) {
      this.#warn('kept on disk', error);
    }
  }

  /** The link has checked the bytes against this header, which says what it likes. */
  arrived({ payload }: HeaderOf<'model_graph'>, file: Uint8Array | undefined): void {
    if (this.#waiting === null || payload === undefined || file === undefined) return;
    const { graph, settled } = this.#waiting;
    if (payload.hash === graph.hash && file.byteLength === graph.bytes) return settled.resolve(file);
    const reason =
      `${file.byteLength} bytes with the SHA-256 ${payload.hash.slice(0, 12)}…, where ${graph.bytes} with ` +
      `${graph.hash.slice(0, 12)}… were announced`;
    this.unusable('payload_hash_mismatch', reason);
  }

  /** What came under its name is none that a link takes. */
  unusable(code: ErrorCode, reason: string): void {
    const message = `The network that the coordinator sent cannot be used: ${reason}. Nothing was trained or sent.`;
    this.#waiting?.settled.reject(new RoundscopeError(code, { layer: 'round', message }));
  }

  #warn(what: string, error: unknown): void {
    const text = `The network of this run could not be ${what}: ${wordsOf(error)}`.slice(0, 1000);
    this.#parts.reporter.event('notice', { level: 'warning', text, error: toErrorReport(error) });
  }
}
