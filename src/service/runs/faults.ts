import type { Clock } from '#shared/base/time/clock.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { failureWords, onTaskFailure } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { faultWords, onProcessFault } from '#engine/host/process/process-fault.ts';
import type { AppService } from '../app-service.ts';
import { endSeenHere } from './end-seen-here.ts';

/** Two batches of a feed: then windows have been told what was reported last. */
const tellWindowsMs = (2 * 1000) / limits.portBatchesPerSecondMax;

/**
 * What fails in the process that holds the service is told where people look: in the run that is open, so that its
 * recording and its windows have it, and by `say` where there is none.
 */
export function tellFaults(service: AppService, clock: Clock, say: (text: string) => void): void {
  onTaskFailure((failure) => {
    const text = failureWords(failure);
    if (service.host === null) say(text);
    else service.host.report('notice', { level: 'warning', text, error: toErrorReport(failure.error) });
  });
  onProcessFault(async (error) => {
    const { host } = service;
    if (host === null) return;
    const reason = faultWords(error).slice(0, 1000);
    host.report('notice', { level: 'error', text: `The app: ${reason}`.slice(0, 1000), error });
    if (host.view.endedAt === null) host.report('run_ended', endSeenHere(host, { status: 'failed', reason }, false));
    await host.finish();
    await clock.sleep(tellWindowsMs, { signal: new AbortController().signal });
  });
}
