import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { formatClock, formatDuration } from './format.ts';

/**
 * A verdict as text, for a bug ticket.
 * @param next what happens next by itself, as far as is known now
 */
export function verdictReport(
  view: RunView,
  verdict: VerdictView,
  next: { readonly action: string; readonly at: number },
): string {
  const lines = [
    verdict.sentence,
    '',
    verdict.explanation,
    '',
    `run:       ${view.run} (${view.name})`,
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
    ...verdict.evidence.map((evidence) => `  ${formatClock(evidence.at)}  ${evidence.ref.padEnd(14)} ${evidence.text}`),
  ];
  return lines.join('\n');
}
