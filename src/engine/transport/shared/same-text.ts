import { timingSafeEqual } from 'node:crypto';

/** Takes as long wherever two texts of one length differ, so that a proof cannot be guessed piece by piece. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
