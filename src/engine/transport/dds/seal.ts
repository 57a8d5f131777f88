import { createCipheriv, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { SampleBody } from './worker-protocol.ts';

export const tagBytes = 16;

/**
 * Proof that a sample is of the session's other end: AES-256-GMAC (NIST SP 800-38D) over what it says and carries, by the
 * key of the session and direction. Lane and sample number make the nonce: no pair of them occurs twice in a session.
 */
export function tagOf(key: KeyObject, sample: SampleBody): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(sample.laneNumber, 4);
  nonce.writeUInt32BE(sample.number, 8);
  const lane = Buffer.from(sample.lane, 'utf8');
  const head = Buffer.alloc(10 + lane.byteLength);
  head.writeUInt32BE(sample.flags, 0);
  head.writeUInt32BE(sample.frameBytes, 4);
  head.writeUInt16BE(lane.byteLength, 8);
  head.set(lane, 10);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(head);
  cipher.setAAD(sample.bytes);
  cipher.final();
  return cipher.getAuthTag();
}

export function isGenuine(key: KeyObject, sample: SampleBody, tag: Uint8Array): boolean {
  return tag.byteLength === tagBytes && timingSafeEqual(tagOf(key, sample), tag);
}
