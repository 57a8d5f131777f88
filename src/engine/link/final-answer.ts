import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';

/** Answers of a transport that no patience changes while the link has never been open; later ones may be a passing state. */
const finalBeforeOpen: ReadonlySet<ErrorCode> = new Set([
  'identity_mismatch',
  'certificate_expired',
  'link_rejected',
  'broker_refused',
  'transport_unavailable',
  'settings_invalid',
  'invitation_invalid',
]);

/** Whether dialling again cannot help: the coordinator has said no, or it is another one than the invitation names. */
export function isFinal(error: unknown, resumes: boolean): boolean {
  if (!(error instanceof RoundscopeError) || error.retryable) return false;
  // Another run at that address: its own coordinator may come back there.
  if (error.code === 'run_mismatch') return !resumes;
  return error.code === 'run_over' || error.layer === 'link' || (!resumes && finalBeforeOpen.has(error.code));
}
