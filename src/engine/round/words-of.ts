export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why a signal was aborted, in words; `otherwise` where it does not say. */
export function reasonOf(reason: unknown, otherwise: string): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' && reason !== '' ? reason : otherwise;
}
