/** Layer at fault, from the wire up; shown in errors and verdicts alike. */
export type Layer =
  | 'transport'
  | 'codec'
  | 'link'
  | 'round'
  | 'trainer'
  | 'data'
  | 'recorder'
  | 'service'
  | 'application'
  | 'settings';

/** Every way in which an operation can fail, once. The words for people are in `contract/error-words.ts`. */
export const errorCodes = [
  // transport
  'connect_timeout',
  'connect_refused',
  'connect_failed',
  'identity_mismatch',
  'certificate_expired',
  'port_in_use',
  'transport_unavailable',
  'session_closed',
  'session_lost',
  'send_timeout',
  'broker_refused',
  'broker_blocked',
  // codec
  'frame_too_large',
  'frame_truncated',
  'frame_malformed',
  'header_invalid',
  'kind_unknown',
  'version_unsupported',
  'payload_too_large',
  'payload_hash_mismatch',
  'payload_malformed',
  'rate_exceeded',
  // link
  'link_rejected',
  'outbox_full',
  'peer_silent',
  'transfer_failed',
  // round
  'not_registered',
  'sender_mismatch',
  'key_mismatch',
  'run_mismatch',
  'round_mismatch',
  'update_not_finite',
  'update_exploded',
  'update_wrong_shape',
  'update_duplicate',
  'participant_limit',
  'participant_name_taken',
  'key_has_name',
  'admission_refused',
  'plan_refused',
  'expelled',
  'invitation_replaced',
  'invitation_expired',
  'invitation_of_another',
  'quorum_lost',
  'run_over',
  'coordinator_gone',
  // trainer and data
  'data_missing',
  'data_invalid',
  'classes_unknown',
  'data_too_large',
  'model_invalid',
  'model_unfit',
  'training_failed',
  'trainer_crashed',
  // recorder
  'disk_full',
  'path_unwritable',
  'recording_invalid',
  'recording_kept',
  'recording_gone',
  'state_invalid',
  'state_in_use',
  'recorder_crashed',
  // service, application, settings
  'invitation_invalid',
  'settings_invalid',
  'request_invalid',
  'already_running',
  'not_running',
  'not_now',
  'process_exited',
  'service_crashed',
  'aborted',
  'timeout',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  readonly layer: Layer;
  /** What happened, in one sentence with the names and numbers of this case. */
  readonly message: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Values worth showing beside the message, such as `{ host, port }`. Never secrets. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
}

/** An operation failed for a reason outside our own code. */
export class RoundscopeError extends Error {
  override readonly name: string = 'RoundscopeError';
  readonly code: ErrorCode;
  readonly layer: Layer;
  readonly retryable: boolean;
  readonly context: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.layer = details.layer;
    this.retryable = details.retryable ?? false;
    this.context = details.context ?? {};
  }
}

/** What of an error crosses processes: structured clone would strip class, name and code. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly layer: Layer;
  readonly message: string;
  readonly retryable: boolean;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  readonly causes: readonly string[];
}

/** Longest chain of causes that a report keeps; deeper ones say nothing new. */
const causesMax = 5;
/** Longest texts that the schema of a report takes: a report that is refused for its length tells nobody anything. */
const messageMax = 4000;
const causeMax = 2000;

export function toErrorReport(error: unknown): ErrorReport {
  const known = error instanceof RoundscopeError ? error : undefined;
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < causesMax) {
    causes.push((cause instanceof Error ? cause.message : String(cause)).slice(0, causeMax));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return {
    code: known?.code ?? 'internal',
    layer: known?.layer ?? 'application',
    message: (error instanceof Error ? error.message : String(error)).slice(0, messageMax),
    retryable: known?.retryable ?? false,
    context: known?.context ?? {},
    causes,
  };
}

export function fromErrorReport(report: ErrorReport): RoundscopeError {
  return new RoundscopeError(report.code, {
    layer: report.layer,
    message: report.message,
    retryable: report.retryable,
    context: report.context,
    ...(report.causes.length > 0 ? { cause: new Error(report.causes.join(': ')) } : {}),
  });
}
