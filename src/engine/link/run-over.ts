import { runStatusSchema, type RunStatus } from '#shared/contract/messages.ts';

/** What a run came to, for those who ask when it is over. */
export interface RunEnd {
  readonly status: RunStatus;
  readonly reason: string;
}

/** In words for who missed it. */
export function runOverWords({ status, reason }: RunEnd): string {
  const why = status === 'completed' || reason === '' || reason === status ? '' : `: ${reason}`;
  return `the run is over: ${status}${why}`.slice(0, 500);
}

/** Code with which a coordinator closes the links of a run that is over. */
export function closeCodeOf(status: RunStatus): string {
  return status === 'completed' ? 'complete' : status;
}

/** How the run ended, by the code with which its coordinator said goodbye; undefined: the code says nothing of that. */
export function statusOfCloseCode(code: string): RunStatus | undefined {
  const parsed = runStatusSchema.safeParse(code === 'complete' ? 'completed' : code);
  return parsed.success ? parsed.data : undefined;
}
