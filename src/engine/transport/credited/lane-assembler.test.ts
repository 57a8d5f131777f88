import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '#shared/contract/limits.ts';
import { CreditGate, CreditMeter } from './credit.ts';
import { frameNameBytesMax } from './frame-name.ts';
import { LaneAssembler } from './lane-assembler.ts';
import { decodePiece, encodePieceHeader, PartsReader, pieceHeaderBytes, type Piece } from './piece.ts';

function cut(frames: readonly Uint8Array[], pieceBytes: number, lane = 0): Piece[] {
  const pieces: Piece[] = [];
  let sequence = 0;
  for (const frame of frames) {
    let at = 0;
    do {
      const bodyBytes = Math.min(pieceBytes, frame.length - at);
      const payload = Buffer.alloc(pieceHeaderBytes + bodyBytes);
      const ends = { first: at === 0, last: at + bodyBytes === frame.length };
      encodePieceHeader(payload, {
        ...ends,
        laneEnd: false,
        abandon: false,
        lane,
        sequence: sequence++,
        frameBytes: frame.length,
      });
      new PartsReader([frame.subarray(at)]).read(payload, pieceHeaderBytes, bodyBytes);
      const piece = decodePiece(payload);
      assert.ok(piece);
      pieces.push(piece);
      at += bodyBytes;
    } while (at < frame.length);
  }
  return pieces;
}

const frameLists = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 });

describe('pieces of frames', () => {
  test('any cut and any repetition by the broker gives the same frames once', () => {
    fc.assert(
      fc.property(
        frameLists,
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 60 }),
        (frames, size, repeats) => {
          const pieces = cut(frames, size);
          // QoS 1: what was sent may come again later, never earlier.
          const delivered = pieces.flatMap((piece, i) => [
            piece,
            ...(repeats[i] === undefined ? [] : pieces.slice(Math.max(0, i - repeats[i]), i + 1)),
          ]);
          const lanes = new LaneAssembler();
          const got = delivered
            .map((piece) => lanes.take('t', piece))
            .flatMap((taken) => (taken.kind === 'frame' ? [Buffer.concat(taken.parts)] : []));
          assert.deepEqual(
            got,
            frames.map((frame) => Buffer.from(frame)),
          );
          assert.equal(lanes.duplicates, delivered.length - pieces.length);
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });

  test('a missing piece is noticed at the next one', () => {
    fc.assert(
      fc.property(frameLists, fc.integer({ min: 1, max: 64 }), fc.nat(), (frames, size, which) => {
        const pieces = cut([...frames, Uint8Array.of(1), Uint8Array.of(2)], size);
        const lost = which % (pieces.length - 1);
        const lanes = new LaneAssembler();
        const kinds = pieces.filter((_, i) => i !== lost).map((piece) => lanes.take('t', piece).kind);
        assert.equal(kinds[lost], 'gap');
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  test('any bytes are checked without a throw, and a frame over the limit before anything is kept', () => {
    const lanes = new LaneAssembler();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const piece = decodePiece(Buffer.from(bytes));
        if (piece !== null) lanes.take('t', piece);
      }),
      { seed: 9, numRuns: 2000 },
    );
    const header = {
      first: true,
      last: false,
      laneEnd: false,
      abandon: false,
      lane: 9,
      sequence: 0,
      body: new Uint8Array(1),
    };
    const fresh = new LaneAssembler();
    assert.equal(fresh.take('u', { ...header, frameBytes: limits.frameBytesMax + frameNameBytesMax + 1 }).kind, 'bad');
  });

  test('a lane that has ended does not begin again, however many have ended since', () => {
    const lanes = new LaneAssembler();
    const only = (lane: number, sequence = 0): Piece => ({
      first: true,
      last: true,
      laneEnd: true,
      abandon: false,
      lane,
      sequence,
      frameBytes: 1,
      body: Uint8Array.of(lane & 0xff),
    });
    const open = { ...only(0), laneEnd: false };
    assert.equal(lanes.take('control', open).kind, 'frame');
    for (let lane = 1; lane <= 5000; lane++) assert.equal(lanes.take('bulk', only(lane)).kind, 'frame');
    for (let lane = 1; lane <= 5000; lane++) assert.equal(lanes.take('bulk', only(lane)).kind, 'duplicate', `${lane}`);
    // One that has not ended goes on, however old.
    assert.equal(lanes.take('control', { ...open, sequence: 1 }).kind, 'frame');
    assert.equal(lanes.take('control', open).kind, 'duplicate');
    // In any order near the newest.
    for (const lane of [5003, 5001, 5002]) assert.equal(lanes.take('bulk', only(lane)).kind, 'frame');
    assert.equal(lanes.take('bulk', only(9000)).kind, 'frame');
    assert.equal(lanes.take('bulk', only(7000)).kind, 'duplicate', 'none begins so far behind the newest');
    assert.equal(lanes.hasCome({ topic: 'bulk', number: 3, sequence: 0 }, true), true);
    assert.equal(lanes.take('bulk', only(0, 2)).kind, 'bad', 'a number of another lane');
  });

  test('a frame that its sender gave up gives its credit back and the lane goes on', () => {
    const lanes = new LaneAssembler();
    const [first, second] = cut([new Uint8Array(100_000)], 60_000);
    assert.ok(first && second);
    assert.equal(lanes.take('t', first).kind, 'more');
    const given = lanes.take('t', {
      ...second,
      first: false,
      last: false,
      abandon: true,
      body: new Uint8Array(0),
      frameBytes: 0,
    });
    assert.deepEqual(given, { kind: 'abandoned', cost: 60_000 });
    const whole = { ...first, sequence: 2, last: true, body: Uint8Array.of(1), frameBytes: 1 };
    assert.equal(lanes.take('t', whole).kind, 'frame');
  });
});

describe('credit', () => {
  test('a sender waits at the window, in order, and goes on as the reader reads', async () => {
    const gate = new CreditGate(100);
    const never = new AbortController().signal;
    await gate.acquire(60, never);
    await gate.acquire(40, never);
    const order: string[] = [];
    const large = gate.acquire(50, never).then(() => order.push('large'));
    const small = gate.acquire(1, never).then(() => order.push('small'));
    await Promise.resolve();
    assert.deepEqual(order, []);
    gate.grant(60);
    gate.grant(20);
    await Promise.all([large, small]);
    assert.deepEqual(order, ['large', 'small']);
  });

  test('one that gives up takes nothing and lets the next through', async () => {
    const gate = new CreditGate(100);
    const never = new AbortController().signal;
    await gate.acquire(90, never);
    const abort = new AbortController();
    const large = assert.rejects(gate.acquire(50, abort.signal), /no more/);
    const small = gate.acquire(10, never);
    abort.abort(new Error('no more'));
    await Promise.all([large, small]);
  });

  test('more than the window is noticed at the reader', () => {
    const meter = new CreditMeter(100);
    assert.equal(meter.received(100), true);
    assert.equal(meter.read(10), null);
    assert.equal(meter.read(20), 30);
    assert.equal(meter.received(30), true);
    assert.equal(meter.received(1), false);
  });
});
