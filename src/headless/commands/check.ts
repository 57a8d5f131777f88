import { systemClock } from '#engine/host/system-clock.ts';
import { styleText } from 'node:util';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { dataFolderPath } from '#engine/host/data-folder.ts';
import { checkMachine } from '#service/checks/check-machine.ts';
import type { Command } from '../arguments.ts';

const marks = { works: '✓', needs_a_step: '!', absent: '✗' } as const;

export const check: Command = {
  name: 'check',
  summary: 'Says what works on this machine: stacks, brokers, Electron, data folder; each with the fix when not.',
  positionals: [],
  options: [{ name: 'json', help: 'one JSON object a line' }],
  examples: [],
  run: async (args) => {
    const lines = await checkMachine(dataFolderPath(process.env, process.platform), systemClock);
    for (const line of lines) {
      if (args.has('json')) {
        process.stdout.write(`${JSON.stringify(toWireNames(line))}\n`);
        continue;
      }
      const color = line.state === 'works' ? 'green' : line.state === 'needs_a_step' ? 'yellow' : 'red';
      process.stdout.write(
        `${styleText(color, marks[line.state], { stream: process.stdout })} ${line.what.padEnd(24)} ${visibleText(line.detail)}\n`,
      );
      if (line.fix !== '') process.stdout.write(`  ${''.padEnd(24)} ${visibleText(line.fix)}\n`);
    }
    // What the demo needs decides; what is merely nice to have does not fail a check.
    return lines.some((line) => line.state === 'absent' && line.required) ? exitStatus.failed : exitStatus.completed;
  },
};
