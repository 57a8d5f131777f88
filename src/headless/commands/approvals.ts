import { visibleText } from '#shared/base/text/visible-text.ts';
import { counted } from '#shared/base/text/counted.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { approvalLogs, checkApprovals, type ApprovalEntry } from '#engine/durability/approval-log.ts';
import { dataFolderPath } from '#engine/host/data-folder.ts';
import { hasSigned } from '#engine/identity/identity.ts';
import type { Command } from '../arguments.ts';
import { lineOf, writeOut } from '../json-lines.ts';

/** The answers to plans that this machine has given, each checked against its signature and the line before it. */
export const approvals: Command = {
  name: 'approvals',
  summary:
    'Lists which plans were approved or refused on this machine, and checks that nobody has changed the signed log.',
  positionals: [],
  options: [{ name: 'json', help: 'one JSON object a line' }],
  examples: ['roundscope approvals'],
  run: async (args) => {
    const logs = approvalLogs(dataFolderPath(process.env, process.platform));
    const json = args.has('json');
    let damaged = 0;
    for (const path of logs) {
      const { entries, fault } = checkApprovals(path, hasSigned);
      for (const entry of entries) await writeOut(json ? lineOf({ event: 'approval', ...entry }) : wordsOf(entry));
      if (fault !== null) damaged++;
      if (json) await writeOut(lineOf({ event: 'log', path, entries: entries.length, whole: fault === null, fault }));
      else
        process.stderr.write(
          `${visibleText(path)}: ${fault === null ? `the chain of ${counted(entries.length, 'answer')} is whole` : `${fault}; what follows proves nothing`}.\n`,
        );
    }
    if (logs.length === 0) process.stderr.write('No plan has been answered on this machine yet.\n');
    return damaged === 0 ? exitStatus.completed : exitStatus.failed;
  },
};

function wordsOf({ at, answer, name, run, plan, coordinator, participant, by, reason }: ApprovalEntry): string {
  const when = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const why = reason === '' ? '' : `: ${visibleText(reason)}`;
  return `${when}  ${answer.padEnd(8)}  ${visibleText(name)} (${run}), plan ${plan.slice(0, 12)} of ${keyWords(coordinator)}, as ${participant}, by ${visibleText(by)}${why}\n`;
}
