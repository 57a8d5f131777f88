import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { formatClock, formatClockMs, formatDuration } from './format.ts';

/** Whose report it is, as far as the window was told. */
export interface ReportingApp {
  readonly version: string;
  readonly platform: string;
}

/**
 * A verdict as text, for a bug ticket.
 * @param next what happens next by itself, as far as is known now
 * @param app null where the service has not said yet
 */
export function verdictReport(
  view: RunView,
  verdict: VerdictView,
  next: { readonly action: string; readonly at: number },
  app: ReportingApp | null,
): string {
  const transports = [...new Set(view.participants.map(({ protocol, stack }) => `${protocol} (${stack})`))].toSorted();
  const lines = [
    verdict.sentence,
    '',
    verdict.explanation,
    '',
    `run:       ${view.run} (${view.name})`,
    ...(app === null ? [] : [`app:       Roundscope ${app.version}, ${app.platform}`]),
    ...(transports.length === 0 ? [] : [`transport: ${transports.join(', ')}`]),
    `layer:     ${verdict.layer}`,
    `subject:   ${verdict.subject}`,
    `rule:      ${verdict.rule}`,
    `since:     ${new Date(verdict.since).toISOString()}, found after ${formatDuration(verdict.detectedAfterMs)}`,
    `next:      ${next.action || 'nothing by itself'}${next.at > 0 ? ` at ${formatClock(next.at)}` : ''}`,
    ...(verdict.injected === undefined ? [] : [`injected:  ${verdict.injected}`]),
    ...(verdict.history ?? []).map((entry) => `then:      ${formatClock(entry.at)}  ${entry.text}`),
    ...(verdict.clearedAt === null ? [] : [`cleared:   ${formatClock(verdict.clearedAt)}  ${verdict.clearedBecause}`]),
    '',
    'evidence:',
    // One event may be evidence twice over, as what was heard last and as what went down.
    ...new Set(verdict.evidence.map(({ at, ref, text }) => `  ${formatClockMs(at)}  ${ref.padEnd(14)} ${text}`)),
  ];
  return lines.join('\n');
}
