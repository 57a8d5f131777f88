import { createHmac } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import { err, ok, type Result } from '#shared/base/result.ts';
import { sameText } from '#engine/transport/shared/same-text.ts';

/** Version of `resources/proto/roundscope.proto`. */
export const contractVersion = '1';

export const proofKey = 'roundscope-proof';

/** Who calls: the same on every call of a session. */
export interface Claim {
  readonly run: string;
  readonly participant: string;
  /** Drawn per session and told to nobody else, so that none but its owner can add calls to it. */
  readonly session: string;
  /** Drawn once per transport object. */
  readonly instance: string;
}

export type Purpose = 'session' | 'accept' | 'upload' | 'download';

/** Why a call is not what it says; the kinds differ in what the caller can do about it. */
export interface ClaimRefusal {
  readonly kind: 'malformed' | 'version' | 'run' | 'proof';
  readonly reason: string;
}

/** Proof of the invitation's token, which itself never travels. One per purpose, so that none can be used for another. */
export function proof(token: string, purpose: Purpose, claim: Claim): string {
  const text = [purpose, claim.run, claim.participant, claim.session, claim.instance].join('\n');
  return createHmac('sha256', token).update(text).digest('hex');
}

export function writeClaim(
  metadata: Metadata,
  claim: Claim,
  at: { readonly purpose: Purpose; readonly token: string },
): void {
  metadata.set('roundscope-version', contractVersion);
  metadata.set('roundscope-run', claim.run);
  metadata.set('roundscope-participant', claim.participant);
  metadata.set('roundscope-session', claim.session);
  metadata.set('roundscope-instance', claim.instance);
  metadata.set(proofKey, proof(at.token, at.purpose, claim));
}

const claimSchema = z.object({
  run: z.string().min(1).max(64),
  participant: z.string().min(1).max(64),
  session: z.string().regex(/^[0-9a-f]{32}$/),
  instance: z.string().regex(/^[0-9a-f]{32}$/),
});

/** The claim that a call makes and proves. */
export function checkClaim(
  metadata: Metadata,
  at: { readonly purpose: Purpose; readonly token: string; readonly run: string },
): Result<Claim, ClaimRefusal> {
  const version = textOf(metadata, 'roundscope-version');
  const claim = claimSchema.safeParse({
    run: textOf(metadata, 'roundscope-run'),
    participant: textOf(metadata, 'roundscope-participant'),
    session: textOf(metadata, 'roundscope-session'),
    instance: textOf(metadata, 'roundscope-instance'),
  });
  if (version !== '' && version !== contractVersion) {
    const reason = `it speaks version ${version.slice(0, 20)} of the gRPC contract, this coordinator version ${contractVersion}; update the older one`;
    return err({ kind: 'version', reason });
  }
  if (!claim.success) return err({ kind: 'malformed', reason: 'the call does not say whose it is' });
  if (claim.data.run !== at.run) {
    const reason = `run ${claim.data.run} is not served here; ask for a new invitation`;
    return err({ kind: 'run', reason });
  }
  if (!sameText(textOf(metadata, proofKey), proof(at.token, at.purpose, claim.data))) {
    return err({ kind: 'proof', reason: 'it has no proof of the invitation to this run' });
  }
  return ok(claim.data);
}

export function textOf(metadata: Metadata, key: string): string {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : '';
}
