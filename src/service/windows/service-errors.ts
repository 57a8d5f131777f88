import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { EventData } from '#shared/contract/events.ts';

export function alreadyRunning(run: string): RoundscopeError {
  return new RoundscopeError('already_running', {
    layer: 'service',
    message: `Run ${run} is still going. Stop it first.`,
  });
}

export function nothingToTell(chair: 'coordinator' | 'participant'): RoundscopeError {
  const message = chair === 'coordinator' ? 'This app coordinates no run now.' : 'This app takes part in no run now.';
  return new RoundscopeError('not_running', { layer: 'service', message });
}

export function noDialog(): RoundscopeError {
  const message = 'A browser cannot show the folders of this machine. Type the path of the folder.';
  return new RoundscopeError('request_invalid', { layer: 'service', message });
}

export function isAborted(error: unknown): boolean {
  return error instanceof RoundscopeError && error.code === 'aborted';
}

export function noticeOf(error: unknown): EventData<'notice'> {
  return { level: 'error', text: messageOf(error), error: toErrorReport(error) };
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}
