import type { Random } from '#shared/base/random.ts';
import { coordinatorId, type Hash, type MessageId, type ParticipantId, type RunId } from '#shared/contract/ids.ts';
import { contractVersion, payloadKinds, type MessageHeader } from '#shared/contract/messages.ts';
import type { MachineMessage } from '#engine/round/machine.ts';
import type { World } from './world.ts';

export type Direction = 'up' | 'down';

/** A message under way, with the bytes that its hash names. */
export interface Parcel {
  readonly header: MessageHeader;
  readonly payload: Uint8Array | undefined;
}

export interface WireOptions {
  readonly world: World;
  readonly random: Random;
  readonly delayMsMax: number;
  readonly duplicateShare: number;
  readonly participant: ParticipantId;
  readonly wallMs: (direction: Direction) => number;
  readonly deliver: (direction: Direction, parcel: Parcel) => void;
}

/**
 * What links promise above a bad network, and a bit less: control messages of one link come in order, payloads overtake
 * and are overtaken, a blocked direction holds everything back until it opens, and some messages come twice, which a real
 * link would notice. Machines must bear all of it.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #blocked: Record<Direction, number> = { up: 0, down: 0 };
  readonly #held: Record<Direction, Parcel[]> = { up: [], down: [] };
  readonly #lastControlMs: Record<Direction, number> = { up: 0, down: 0 };
  #serial = 0;
  #cut = false;
  inFlight: Record<Direction, number> = { up: 0, down: 0 };

  constructor(options: WireOptions) {
    this.#options = options;
  }

  isBlocked(direction: Direction): boolean {
    return this.#cut || this.#blocked[direction] > 0;
  }

  block(direction: Direction): void {
    this.#blocked[direction]++;
  }

  unblock(direction: Direction): void {
    if (--this.#blocked[direction] > 0) return;
    for (const parcel of this.#held[direction].splice(0)) this.#travel(direction, parcel);
  }

  /** The process at one end is gone: what is under way arrives nowhere. */
  cut(): void {
    this.#cut = true;
    this.#held.up = [];
    this.#held.down = [];
  }

  send(direction: Direction, message: MachineMessage, payload: Uint8Array | undefined): void {
    const { participant, random, duplicateShare, wallMs } = this.#options;
    const { model, ...rest } = message;
    const header = {
      ...rest,
      version: contractVersion,
      run: 'simulation' as RunId,
      sender: direction === 'up' ? participant : coordinatorId,
      id: `${participant}-${direction}-${this.#serial++}` as MessageId,
      sentAt: wallMs(direction),
      ...(payload === undefined
        ? {}
        : { payload: { hash: model as Hash, length: payload.length, encoding: 'safetensors' } }),
    } as MessageHeader;
    const parcel = { header, payload };
    this.inFlight[direction]++;
    this.#travel(direction, parcel);
    // A pause that comes again after its end would be another one; real links let nothing come twice.
    if (random.next() >= duplicateShare || message.kind === 'pause') return;
    this.inFlight[direction]++;
    this.#options.world.after(random.int(3_000), () => this.#travel(direction, parcel));
  }

  #travel(direction: Direction, parcel: Parcel): void {
    if (this.#cut) return;
    if (this.#blocked[direction] > 0) return void this.#held[direction].push(parcel);
    const { world, random, delayMsMax, deliver } = this.#options;
    let atMs = world.nowMs + random.next() * delayMsMax;
    if (payloadKinds.has(parcel.header.kind)) atMs += random.next() * delayMsMax * 5;
    else {
      atMs = Math.max(atMs, this.#lastControlMs[direction]);
      this.#lastControlMs[direction] = atMs;
    }
    world.after(atMs - world.nowMs, () => {
      if (this.#cut) return;
      // Blocked while it was under way: it is lost with its session, and the link sends it again later.
      if (this.#blocked[direction] > 0) return void this.#held[direction].push(parcel);
      this.inFlight[direction]--;
      deliver(direction, parcel);
    });
  }
}
