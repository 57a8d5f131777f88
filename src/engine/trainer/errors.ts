import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';

interface Details {
  readonly context?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** Something is wrong with the examples on disk; the message says what, where, and what to try. */
export function dataError(
  code: Extract<ErrorCode, 'data_missing' | 'data_invalid' | 'data_too_large'>,
  message: string,
  details: Details = {},
): RoundscopeError {
  return new RoundscopeError(code, { layer: 'data', message, ...details });
}

export function trainerError(
  code: Extract<ErrorCode, 'model_invalid' | 'training_failed' | 'trainer_crashed'>,
  message: string,
  details: Details & { readonly retryable?: boolean } = {},
): RoundscopeError {
  return new RoundscopeError(code, { layer: 'trainer', message, ...details });
}
