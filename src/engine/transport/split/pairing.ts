import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { decodeFrame, encodeFrame } from '#engine/framing/frame.ts';
import type { Parts } from '#engine/framing/parts.ts';

/** Bytes of the id that ties the two halves of a session together. */
export const pairingIdBytes = 16;

const pairing = z.object({
  t: z.literal('pair'),
  half: z.enum(['control', 'bulk']),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * First frame on the control lane of each half. Over a broker others may read the id, so each half proves with the
 * invitation's token that who says it takes part in the run.
 */
export function pairingFrame(token: string, half: 'control' | 'bulk', id: string): readonly Uint8Array[] {
  return encodeFrame({ t: 'pair', half, id, proof: mac(token, half, id).toString('hex') });
}

/** The id; null when it is no pairing frame of this half or its proof is wrong. */
export function readPairing(token: string, half: 'control' | 'bulk', parts: Parts): string | null {
  const frame = decodeFrame(parts);
  const said = frame.ok ? pairing.safeParse(frame.value.header) : null;
  if (said?.success !== true || said.data.half !== half) return null;
  return timingSafeEqual(Buffer.from(said.data.proof, 'hex'), mac(token, half, said.data.id)) ? said.data.id : null;
}

function mac(token: string, half: string, id: string): Buffer {
  return createHmac('sha256', token).update(`roundscope split 1\n${half}\n${id}`).digest();
}
