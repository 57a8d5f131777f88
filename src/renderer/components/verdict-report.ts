import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { formatClock, formatDuration } from './format.ts';

/** A verdict as text, for a bug ticket. */
export function verdictReport(view: RunView, verdict: VerdictView): string {
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
    `next:      ${verdict.nextAction}${verdict.nextActionAt > 0 ? ` at ${formatClock(verdict.nextActionAt)}` : ''}`,
    ...(verdict.injected === undefined ? [] : [`injected:  ${verdict.injected}`]),
    '',
    'evidence:',
    ...verdict.evidence.map((evidence) => `  ${formatClock(evidence.at)}  ${evidence.ref.padEnd(14)} ${evidence.text}`),
  ];
  return lines.join('\n');
}
