import type { ErrorCode } from '#shared/base/errors.ts';

/** Answers of a transport that no patience changes while the link has never been open; later ones may be a passing state. */
export const finalBeforeOpen: ReadonlySet<ErrorCode> = new Set([
  'identity_mismatch',
  'certificate_expired',
  'link_rejected',
  'broker_refused',
  'transport_unavailable',
  'settings_invalid',
  'invitation_invalid',
]);
