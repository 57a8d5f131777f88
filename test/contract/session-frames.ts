import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { IncomingFrame, Lane, Session } from '#engine/transport/transport.ts';

export async function sendAll(session: Session, lane: Lane, sizes: readonly number[]): Promise<void> {
  for (const [i, size] of sizes.entries()) await session.send({ lane, parts: [body(i, size)] }, never());
}

export async function expectFrames(session: Session, lane: Lane, sizes: readonly number[]): Promise<void> {
  const frames = await take(session, sizes.length);
  for (const [i, size] of sizes.entries()) {
    const frame = frames[i];
    assert.equal(frame?.lane, lane);
    assert.equal(bytesOf(frame).length, size, `length of frame ${i}`);
    assert.equal(digest(bytesOf(frame)), digest(body(i, size)), `content of frame ${i}`);
  }
}

/** A frame's bytes in one piece. */
export function bytesOf(frame: IncomingFrame | undefined): Buffer {
  return Buffer.concat(frame?.parts ?? []);
}

export async function take(session: Session, count: number): Promise<IncomingFrame[]> {
  const frames: IncomingFrame[] = [];
  const iterator = reader(session);
  while (frames.length < count) {
    const next = await iterator.next();
    assert.ok(next.done !== true, `the session ended after ${frames.length} of ${count} frames`);
    frames.push(next.value);
  }
  return frames;
}

export async function readToEnd(session: Session): Promise<IncomingFrame[]> {
  const frames: IncomingFrame[] = [];
  const iterator = reader(session);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) frames.push(next.value);
  return frames;
}

const readers = new WeakMap<Session, AsyncIterator<IncomingFrame, undefined>>();

/** The one reader of a session. Not for-await: leaving such a loop would end an iterator that the test goes on with. */
export function reader(session: Session): AsyncIterator<IncomingFrame, undefined> {
  const known = readers.get(session) ?? session.frames()[Symbol.asyncIterator]();
  readers.set(session, known);
  return known;
}

/** Waits until a number has not changed for a while. */
export async function quiet(value: () => number): Promise<void> {
  let last = -1;
  for (let i = 0; i < 100; i++) {
    if (value() === last && last > 0) return;
    last = value();
    await delay(150);
  }
}

export function isSessionEnd(error: unknown): boolean {
  assert.ok(error instanceof RoundscopeError, String(error));
  assert.ok(error.code === 'session_closed' || error.code === 'session_lost', error.code);
  return true;
}

export function never(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

export function aborter(ms: number): { readonly signal: AbortSignal } & AsyncDisposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('too slow')), ms);
  return { signal: controller.signal, [Symbol.asyncDispose]: async () => clearTimeout(timer) };
}

export function counter(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes that differ by position and by seed, so that a swapped or shifted piece shows. */
export function body(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 13) & 0xff;
  return bytes;
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
