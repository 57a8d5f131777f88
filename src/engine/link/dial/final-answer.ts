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

/**
 * What somebody else than the coordinator can say as well: another run or version at that address, or an impostor there.
 * It is no reason to leave a run; the coordinator may come back.
 */
const anybodys: ReadonlySet<ErrorCode> = new Set(['run_mismatch', 'version_unsupported', 'identity_mismatch']);

/** Whether dialing again cannot help: the coordinator has said no, or it is another one than the invitation names. */
export function isFinal(error: unknown, resumes: boolean): boolean {
  if (!(error instanceof RoundscopeError) || error.retryable) return false;
  if (anybodys.has(error.code)) return !resumes;
  return error.code === 'run_over' || error.layer === 'link' || (!resumes && finalBeforeOpen.has(error.code));
}
