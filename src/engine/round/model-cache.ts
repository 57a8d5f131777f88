import { assert } from '#shared/base/assert.ts';
import type { Hash } from '#shared/contract/ids.ts';
import type { Outgoing } from '#shared/contract/messages.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import type { MachineMessage } from './machine.ts';
import type { PayloadCodec } from './payload-codec.ts';

/** The model that a round started from, and the one that came of it. */
const modelsMax = 2;

/** Encoded models by content hash: each is encoded once, however many participants it goes to. */
export class ModelCache {
  readonly #codec: PayloadCodec;
  readonly #models = new Map<Hash, { readonly bytes: Uint8Array; readonly parameters: ParameterSet }>();
  /** What is sent by its hash and is no model: the network of a run, as long as the run lasts. */
  readonly #pinned = new Map<Hash, Uint8Array>();
  #newest: Hash | null = null;

  constructor(codec: PayloadCodec) {
    this.#codec = codec;
  }

  get newest(): Hash {
    assert(this.#newest !== null, 'no model was put into the cache');
    return this.#newest;
  }

  put(parameters: ParameterSet): Hash {
    const bytes = this.#codec.encode(parameters);
    const hash = this.#codec.hash(bytes);
    this.#put(hash, { bytes, parameters });
    return hash;
  }

  /** One that is only to be sent: its bytes are known to have this hash. */
  putBytes(hash: Hash, bytes: Uint8Array): void {
    this.#put(hash, { bytes, parameters: [] });
  }

  pin(hash: Hash, bytes: Uint8Array): void {
    this.#pinned.set(hash, bytes);
  }

  #put(hash: Hash, model: { readonly bytes: Uint8Array; readonly parameters: ParameterSet }): void {
    this.#models.delete(hash);
    this.#models.set(hash, model);
    this.#newest = hash;
    for (const old of this.#models.keys()) {
      if (this.#models.size <= modelsMax) break;
      this.#models.delete(old);
    }
  }

  bytes(hash: Hash): Uint8Array {
    return this.#pinned.get(hash) ?? this.#get(hash).bytes;
  }

  parameters(hash: Hash): ParameterSet {
    return this.#get(hash).parameters;
  }

  withPayload({ model, ...message }: MachineMessage): Outgoing {
    const payload = model === undefined ? undefined : { bytes: this.bytes(model), hash: model };
    // A message and its payload belong together by kind; the spread loses that.
    return { ...message, ...(payload === undefined ? {} : { payload }) } as Outgoing;
  }

  #get(hash: Hash): { readonly bytes: Uint8Array; readonly parameters: ParameterSet } {
    const model = this.#models.get(hash);
    assert(model !== undefined, `model ${hash.slice(0, 12)} is no longer kept`);
    return model;
  }
}
