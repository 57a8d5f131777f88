import type { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { bodySchemas, contractVersion, envelopeSchema, payloadKinds } from '#shared/contract/messages.ts';
import type { MessageHeader, MessageKind } from '#shared/contract/messages.ts';
import { fromWireNames, toWireNames } from '#shared/contract/wire-names.ts';

/** A message header in wire names, as it travels inside a frame's header. */
export function encodeMessageHeader(header: MessageHeader): object {
  return toWireNames(header) as object;
}

/**
 * Checks a header that came from outside, parsed JSON of bounded depth. Unknown optional fields are dropped.
 * @returns `version_unsupported`, `kind_unknown` (the one a session survives without a word) or `header_invalid`
 */
export function decodeMessageHeader(wire: unknown): Result<MessageHeader, RoundscopeError> {
  const envelope = envelopeSchema.safeParse(fromWireNames(wire));
  if (!envelope.success) return err(invalid('message header', envelope.error));
  const { kind, version, payload, body, ...rest } = envelope.data;
  if (version !== contractVersion) {
    return err(
      new RoundscopeError('version_unsupported', {
        layer: 'codec',
        message: `message of contract version ${version}; this side speaks ${contractVersion}`,
        context: { version },
      }),
    );
  }
  if (!isMessageKind(kind)) {
    return err(
      new RoundscopeError('kind_unknown', {
        layer: 'codec',
        message: `unknown kind of message: ${kind}`,
        context: { kind },
      }),
    );
  }
  if (payloadKinds.has(kind) !== (payload !== undefined)) {
    const message =
      payload === undefined ? `${kind} without its payload` : `${kind} carries no payload, but one is announced`;
    return err(new RoundscopeError('header_invalid', { layer: 'codec', message, context: { kind } }));
  }
  const parsedBody = bodySchemas[kind].safeParse(body);
  if (!parsedBody.success) return err(invalid(`body of ${kind}`, parsedBody.error));
  return ok({
    ...rest,
    version,
    kind,
    body: parsedBody.data,
    ...(payload === undefined ? {} : { payload }),
  } as MessageHeader);
}

/** What of a header that failed can still be said about it, for logs and for the answer to its sender. */
export function salvageHeader(wire: unknown): {
  readonly kind: string;
  readonly id: string;
  readonly round: number;
  readonly sender: string;
} {
  const record = (wire !== null && typeof wire === 'object' ? wire : {}) as Record<string, unknown>;
  const text = (key: string, max: number): string => (typeof record[key] === 'string' ? record[key].slice(0, max) : '');
  const round = record['round'];
  const safeRound = typeof round === 'number' && Number.isSafeInteger(round) && round >= 0 ? round : 0;
  return { kind: text('kind', 40), id: text('id', 64), round: safeRound, sender: text('sender', 48) };
}

function isMessageKind(kind: string): kind is MessageKind {
  return Object.hasOwn(bodySchemas, kind);
}

function invalid(what: string, error: z.ZodError): RoundscopeError {
  const issue = error.issues[0];
  const at = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  return new RoundscopeError('header_invalid', {
    layer: 'codec',
    message: `${what} is not valid${at}: ${issue?.message ?? 'unknown'}`.slice(0, 500),
  });
}
