import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { approvalLogPath, checkApprovals } from '#engine/durability/approval-log.ts';
import { hasSigned } from '#engine/identity/identity.ts';

/** Answers that are shown; the terminal lists all. */
const shownMax = 50;

/** What was answered to plans under a name, newest first, and whether the log is as it was written. */
export function approvalsOf(dataFolder: string, participant: string): PortAnswers['approvals'] {
  const { entries, fault } = checkApprovals(approvalLogPath(dataFolder, participant), hasSigned);
  const shown = entries.slice(-shownMax).toReversed();
  return {
    answers: shown.map(({ at, answer, name, plan, coordinator, by, reason }) => {
      return { at, answer, name, plan, coordinator, by, reason };
    }),
    count: entries.length,
    fault,
  };
}
