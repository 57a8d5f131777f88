import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { Lane } from '#engine/transport/transport.ts';
import { bytesFields, decodeFields, numberField, textField, type Field } from './protobuf.ts';

/** The messages of `resources/proto/roundscope.proto`; its comments say what they mean. */
export interface ControlMessage {
  readonly frames: readonly Uint8Array[];
  readonly offer: { readonly number: number; readonly lane: Lane } | null;
  readonly close: { readonly code: string; readonly reason: string } | null;
}

export interface BulkMessage {
  readonly lane: Lane | null;
  readonly frames: readonly Uint8Array[];
}

/** One frame, in pieces. */
type Parts = readonly Uint8Array[];

/** Reasons are for people; longer ones would only cost. */
const codeCharactersMax = 40;
const reasonCharactersMax = 500;

const laneSchema = z
  .string()
  .max(128)
  .regex(/^bulk:./s);
const numberSchema = z.number().int().min(1).max(0xffff_ffff);

export function encodeControlFrames(frames: readonly Parts[]): Buffer {
  return bytesFields(1, frames);
}

export function encodeOffer(number: number, lane: Lane): Buffer {
  return bytesFields(2, [[numberField(1, number), textField(2, lane)]]);
}

export function encodeClose(code: string, reason: string): Buffer {
  const words = [textField(1, code.slice(0, codeCharactersMax)), textField(2, reason.slice(0, reasonCharactersMax))];
  return bytesFields(3, [words]);
}

export function encodeLane(lane: Lane): Buffer {
  return textField(1, lane);
}

export function encodeBulkFrames(frames: readonly Parts[]): Buffer {
  return bytesFields(2, frames);
}

export function encodeDownload(number: number): Buffer {
  return numberField(1, number);
}

export function decodeControl(message: Uint8Array): Result<ControlMessage, RoundscopeError> {
  const fields = decodeFields(message);
  if (!fields.ok) return fields;
  const frames: Uint8Array[] = [];
  // Of what may be there once the last one counts.
  let [offered, closed]: (Uint8Array | undefined)[] = [];
  for (const { number, value } of fields.value) {
    if (number > 3) continue;
    if (typeof value === 'number') return err(wrong('a control message holds a number'));
    if (number === 1) frames.push(value);
    else if (number === 2) offered = value;
    else closed = value;
  }
  const offer = readOffer(offered);
  if (!offer.ok) return offer;
  const close = readClose(closed);
  if (!close.ok) return close;
  return ok({ frames, offer: offer.value, close: close.value });
}

export function decodeBulk(message: Uint8Array): Result<BulkMessage, RoundscopeError> {
  const fields = decodeFields(message);
  if (!fields.ok) return fields;
  const [lanes, frames] = [bytesOf(fields.value, 1), bytesOf(fields.value, 2)];
  if (lanes === null || frames === null) return err(wrong('a bulk message holds a number'));
  const named = lanes.at(-1);
  if (named === undefined) return ok({ lane: null, frames });
  const lane = laneSchema.safeParse(Buffer.from(named).toString('utf8'));
  return lane.success ? ok({ lane: lane.data as Lane, frames }) : err(wrong('the name of a lane is not valid'));
}

export function decodeDownload(message: Uint8Array): Result<number, RoundscopeError> {
  const fields = decodeFields(message);
  if (!fields.ok) return fields;
  const number = numberSchema.safeParse(fields.value.findLast((field) => field.number === 1)?.value);
  return number.success ? ok(number.data) : err(wrong('a download does not say which lane it is for'));
}

function readOffer(bytes: Uint8Array | undefined): Result<ControlMessage['offer'], RoundscopeError> {
  if (bytes === undefined) return ok(null);
  const fields = decodeFields(bytes);
  if (!fields.ok) return fields;
  const number = numberSchema.safeParse(fields.value.findLast((field) => field.number === 1)?.value);
  const lane = laneSchema.safeParse(textOf(fields.value, 2));
  if (!number.success || !lane.success) return err(wrong('an offer names no lane'));
  return ok({ number: number.data, lane: lane.data as Lane });
}

function readClose(bytes: Uint8Array | undefined): Result<ControlMessage['close'], RoundscopeError> {
  if (bytes === undefined) return ok(null);
  const fields = decodeFields(bytes);
  if (!fields.ok) return fields;
  const code = textOf(fields.value, 1).slice(0, codeCharactersMax);
  return ok({ code, reason: textOf(fields.value, 2).slice(0, reasonCharactersMax) });
}

/** The values of a field of bytes, in order; null when one of them is a number. */
function bytesOf(fields: readonly Field[], number: number): readonly Uint8Array[] | null {
  const values: Uint8Array[] = [];
  for (const field of fields) {
    if (field.number !== number) continue;
    if (typeof field.value === 'number') return null;
    values.push(field.value);
  }
  return values;
}

function textOf(fields: readonly Field[], number: number): string {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value === undefined || typeof value === 'number' ? '' : Buffer.from(value).toString('utf8');
}

function wrong(what: string): RoundscopeError {
  return new RoundscopeError('frame_malformed', {
    layer: 'transport',
    message: `a gRPC message is not of Roundscope's contract: ${what}`,
  });
}
