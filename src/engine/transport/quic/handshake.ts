import { createHmac } from 'node:crypto';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { abortable, endOf } from '../shared/abortable.ts';
import { FrameReader } from './frame-reader.ts';
import { sameText } from '../shared/same-text.ts';
import type { QuicOptions } from './quic-options.ts';
import type { QuicSession } from './quic-session.ts';
import { decodeRecord, encodeRecord } from './records.ts';
import type { QuicRecord } from './records.ts';

/** Reasons for which a listener turns a dialer away. */
export type Refusal = { readonly code: string; readonly reason: string };

/**
 * Proof of the invitation's token in the very first record, so that whoever has it not is turned away before anything is
 * kept for it. Only the coordinator that the connection has proved reads it; who speaks is proved by the link's hello.
 */
export function helloProof(token: string, { run, participant }: Omit<Claimed, 'proof'>): string {
  return createHmac('sha256', token).update(['quic hello', run, participant].join('\n')).digest('hex');
}

interface Claimed {
  readonly run: string;
  readonly participant: string;
  readonly proof?: string | undefined;
}

/**
 * The participant's half: opens the control stream and says for which run; resolves when the coordinator has accepted.
 * @throws RoundscopeError `link_rejected` with the coordinator's words, `connect_failed` when it speaks something else
 */
export async function greet(
  quic: QuicSession,
  { run, participant, token }: { readonly run: string; readonly participant: string; readonly token: string },
  dialSignal: AbortSignal,
): Promise<FrameReader> {
  const signal = AbortSignal.any([dialSignal, endOf(quic)]);
  const stream = await abortable(quic.openStream(), signal);
  const hello = { record: 'hello', run, participant, proof: helloProof(token, { run, participant }) } as const;
  await abortable(stream.write(encodeRecord(hello)), signal);
  const control = new FrameReader(stream);
  const answer = await abortable(readRecord(control), signal);
  if (answer.record === 'accepted') return control;
  if (answer.record === 'refused') {
    throw new RoundscopeError('link_rejected', {
      layer: 'transport',
      message: `The coordinator at ${quic.remote} refuses: ${answer.reason}.`,
      context: { code: answer.code },
    });
  }
  throw notOurs(quic.remote);
}

/** What a dialer has said, checked. */
export type Greeting =
  | { readonly ok: true; readonly control: FrameReader }
  | { readonly ok: false; readonly refusal: Refusal };

/** The coordinator's half, on a session that has just come in: bounded in time, never throws. Decision 0075. */
export async function receiveGreeting(
  quic: QuicSession,
  at: { readonly run: string; readonly token: string; readonly clock: Clock; readonly options: QuicOptions },
): Promise<Greeting> {
  const over = endOf(quic);
  using limit = at.clock.deadline(at.options.helloTimeoutMs, over);
  try {
    const stream = await abortable(quic.acceptStream(), limit);
    if (stream === null) return refused('lost', 'the session ended before its hello');
    const control = new FrameReader(stream);
    const hello = await abortable(readRecord(control), limit);
    const refusal = check(hello, at);
    const answer = refusal === null ? ({ record: 'accepted' } as const) : ({ record: 'refused', ...refusal } as const);
    await abortable(stream.write(encodeRecord(answer)), limit);
    if (refusal === null) return { ok: true, control };
    await abortable(stream.finish(), limit);
    // The dialer leaves once it has read why; our leaving first would take the answer with it.
    using grace = at.clock.deadline(at.options.closeTimeoutMs);
    await abortable(quic.closed, grace).catch(() => undefined);
    return { ok: false, refusal };
  } catch (error) {
    if (error instanceof RoundscopeError) return refused('garbage', error.message);
    if (limit.aborted && !over.aborted)
      return refused('silent', `no hello within ${at.options.helloTimeoutMs / 1000} s`);
    return refused('lost', 'the session broke off before its hello');
  }
}

/** What it says to somebody who guesses is in the guess already. */
function check(hello: QuicRecord, { run, token }: { readonly run: string; readonly token: string }): Refusal | null {
  if (hello.record !== 'hello')
    return { code: 'garbage', reason: `the first record is ${hello.record} instead of hello` };
  if (hello.run !== run)
    return { code: 'run_mismatch', reason: `run ${hello.run} is not served here; ask for a new invitation` };
  if (hello.proof === undefined)
    return { code: 'version', reason: 'it is older than this coordinator and has to be updated' };
  if (sameText(hello.proof, helloProof(token, hello))) return null;
  return { code: 'token', reason: 'it has no proof of the invitation to this run' };
}

async function readRecord(control: FrameReader): Promise<QuicRecord> {
  const frame = await control.next();
  if (frame === null) {
    throw new RoundscopeError('frame_truncated', {
      layer: 'transport',
      message: 'the control stream ended before its first frame',
    });
  }
  const record = decodeRecord(frame);
  if (!record.ok) throw record.error;
  return record.value;
}

function refused(code: string, reason: string): Greeting {
  return { ok: false, refusal: { code, reason } };
}

function notOurs(remote: string): RoundscopeError {
  return new RoundscopeError('connect_failed', {
    layer: 'transport',
    message: `${remote} answers, but not as a Roundscope coordinator. Check host and port of the invitation.`,
  });
}
