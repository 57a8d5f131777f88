import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { err, ok, type Result } from '#shared/base/result.ts';
import { formatBytes } from '#shared/base/bytes.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { approvalRulesSchema, type Approval, type AskedPlan } from '#shared/contract/run/approval.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import type { Option } from '../arguments.ts';

export const approveOption: Option = {
  name: 'approve',
  value: 'WHAT',
  help: 'ask, any, or a JSON file of rules: maxEpochs, maxRounds, maxBytes (of an update), models (hashes), coordinators (words of their keys)',
  default: 'ask in a terminal, else any; each answer is in the signed log that roundscope approvals checks',
};

const rulesBytesMax = 64 * 1024;

/** `ask`: a person is to be asked once the plan is known. */
export function parseApproval(given: string | undefined, hasTerminal: boolean): Result<Approval | 'ask', string> {
  if (given === undefined) return ok(hasTerminal ? 'ask' : { by: 'anything', because: 'no terminal to ask in' });
  if (given === 'any') return ok({ by: 'anything', because: 'asked to approve any plan' });
  if (given === 'ask') return hasTerminal ? ok('ask') : err('--approve ask: there is no terminal to ask in.');
  try {
    if (statSync(given).size > rulesBytesMax) return err(`--approve: ${given} is larger than rules are.`);
    const rules = approvalRulesSchema.safeParse(JSON.parse(readFileSync(given, 'utf8')));
    if (rules.success) return ok({ by: 'rules', rules: rules.data });
    const [issue] = rules.error.issues;
    return err(`--approve: ${given}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'holds no rules'}.`);
  } catch (error) {
    return err(
      `--approve: the rules ${given} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** What a run asks for, line by line. */
export function planLines(plan: RunPlanBody, asked: AskedPlan): readonly string[] {
  const { localEpochs, batchSize, optimizer, learningRate } = plan;
  return [
    `Run        ${visibleText(plan.runName)}: ${plan.rounds} rounds, classes ${plan.classes.map((name) => visibleText(name)).join(', ')}`,
    `Asks       coordinator ${keyWords(asked.coordinator)}`,
    `Model      ${plan.parameters} parameters, ${shapeWords(plan.model.inputShape)}, ${asked.model.slice(0, 12)}`,
    `Training   ${localEpochs} ${localEpochs === 1 ? 'epoch' : 'epochs'} a round, batch ${batchSize}, ${optimizer} ${learningRate}`,
    `Sent back  each round an update of ${formatBytes(asked.updateBytes)} and its figures; no image, label or file name`,
    `Plan       ${asked.hash.slice(0, 12)}`,
  ];
}

/** Anything but yes is no. */
export async function askPerson(lines: readonly string[]): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`${lines.join('\n')}\n`);
    return /^y(es)?$/i.test((await terminal.question('Approve this plan and join? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
