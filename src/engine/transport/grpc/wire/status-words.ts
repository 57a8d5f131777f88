import type { StatusObject } from '@grpc/grpc-js';

/** How a call ended. */
export interface CallEnd {
  readonly ok: boolean;
  /** As in `CloseReason`; `garbage`: what was sent is outside the contract. */
  readonly code: 'lost' | 'garbage';
  readonly reason: string;
}

/** `Status` of the library, which is loaded on first use only. */
const codes = {
  ok: 0,
  cancelled: 1,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
};

/** How a call ended, in words for people: the library's own speak of RST_STREAM and frames. */
export function callEnd({ code, details }: Pick<StatusObject, 'code' | 'details'>): CallEnd {
  const reason = inWords(code, details);
  if (code === codes.resourceExhausted && /larger than max/i.test(details))
    return { ok: false, code: 'garbage', reason };
  return { ok: code === codes.ok, code: 'lost', reason };
}

function inWords(code: number, details: string): string {
  const told = details === '' ? '' : ` (${details})`;
  if (code === codes.ok) return details;
  if (code === codes.resourceExhausted && /larger than max/i.test(details))
    return `a message is larger than this contract allows${told}`;
  if (code === codes.resourceExhausted && /bandwidth|memory limit/i.test(details))
    return `the other side has had enough: too many calls or pings${told}`;
  if (code === codes.cancelled) return `the other side, or a proxy on the way, cut the call off${told}`;
  if (/RST_STREAM|GOAWAY/.test(details)) return `the other side, or a proxy on the way, ended the call${told}`;
  if (code === codes.unavailable) return `the connection is gone${told}`;
  if (code === codes.deadlineExceeded) return `the call took longer than it may${told}`;
  if (code === codes.unimplemented)
    return `the other side does not know this call: another version, or another program${told}`;
  if (code === codes.internal) return `the other side sent what is no gRPC${told}`;
  return details === '' ? `the call ended with status ${code}` : details;
}
