import type { Socket } from 'node:net';
import { limits } from '#shared/contract/limits.ts';
import { giveBack, ownMemory } from '../../../framing/give-back.ts';

/** A packet longer than this passes in the pieces in which it came: its length is the sender's word, and no more is allocated by it. */
const joinedBytesMax = limits.mqttPacketBytesMax;
const nothing = Buffer.alloc(0);

/** mqtt.js gets whole packets of the socket. It is not read yet. */
export function joinPackets(socket: Socket): void {
  const push = socket.push.bind(socket);
  const joiner = new PacketJoiner(push);
  socket.push = (read: Buffer | null) => {
    if (read === null) return push(null);
    const flowing = joiner.take(read);
    giveBack(read);
    return flowing;
  };
}

/**
 * Puts packets together. mqtt.js by itself keeps the memory of each read until a packet is whole, then copies it, and leaves both
 * to the collector; here the bytes of a long packet are copied as they come, and what it lies in is its own. Short packets that came
 * in one read stay together.
 */
export class PacketJoiner {
  readonly #push: (bytes: Buffer) => boolean;
  /** Begun, and how much of it is here. */
  #packet: Buffer | null = null;
  #filled = 0;
  /** Still to come of a packet that passes in pieces. */
  #passing = 0;
  /** The beginning of a packet whose length is not here yet. */
  #head: Uint8Array = nothing;

  /** @param push whole packets; false: no more for now */
  constructor(push: (bytes: Buffer) => boolean) {
    this.#push = push;
  }

  /** Nothing of `read` is kept. False: `push` said so. */
  take(read: Uint8Array): boolean {
    const bytes = this.#head.byteLength === 0 ? read : Buffer.concat([this.#head, read]);
    this.#head = nothing;
    let flowing = true;
    const push = (packets: Buffer): void => {
      flowing = this.#push(packets) && flowing;
    };
    for (let at = 0; at < bytes.byteLength;) at += this.#step(bytes.subarray(at), push);
    return flowing;
  }

  /** @returns how many bytes that took */
  #step(bytes: Uint8Array, push: (packets: Buffer) => void): number {
    if (this.#packet !== null) return this.#fill(this.#packet, bytes, push);
    if (this.#passing > 0) {
      const count = Math.min(this.#passing, bytes.byteLength);
      this.#passing -= count;
      push(Buffer.from(bytes.subarray(0, count)));
      return count;
    }
    const { end, next } = wholePackets(bytes);
    if (end > 0) {
      push(Buffer.from(bytes.subarray(0, end)));
      return end;
    }
    if (next === null) {
      this.#head = Buffer.from(bytes);
      return bytes.byteLength;
    }
    if (next > joinedBytesMax) {
      this.#passing = next;
      return 0;
    }
    this.#packet = Buffer.allocUnsafeSlow(next);
    this.#filled = 0;
    return 0;
  }

  #fill(packet: Buffer, bytes: Uint8Array, push: (packets: Buffer) => void): number {
    const count = Math.min(packet.byteLength - this.#filled, bytes.byteLength);
    packet.set(bytes.subarray(0, count), this.#filled);
    this.#filled += count;
    if (this.#filled === packet.byteLength) {
      this.#packet = null;
      push(ownMemory(packet));
    }
    return count;
  }
}

/** Where the whole packets end that `bytes` begin with, and how long the one after them is; null: that is not here yet. */
function wholePackets(bytes: Uint8Array): { readonly end: number; readonly next: number | null } {
  let end = 0;
  for (;;) {
    const next = packetBytes(bytes, end);
    if (next === null || end + next > bytes.byteLength) return { end, next };
    end += next;
  }
}

/** MQTT 5, section 2.1.4: the length of what follows stands behind the first byte, seven bits in each of up to four bytes. */
function packetBytes(bytes: Uint8Array, at: number): number | null {
  let rest = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return null;
    rest += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return 2 + i + rest;
  }
  // No length at all: mqtt.js is to say so.
  return Number.POSITIVE_INFINITY;
}
