import { exitWhenIdle } from '#engine/host/process/exit-when-idle.ts';
import { endOnFault } from '#engine/host/process/process-fault.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { helpText, nearest, parseArguments, type Command } from './arguments.ts';
import { approvals } from './commands/approvals.ts';
import { brokerRulesCommand } from './commands/broker-rules.ts';
import { check } from './commands/check.ts';
import { compare } from './commands/compare.ts';
import { coordinate } from './commands/coordinate.ts';
import { demo } from './commands/demo.ts';
import { diagnose } from './commands/diagnose.ts';
import { exportRecording } from './commands/export.ts';
import { invite } from './commands/invite.ts';
import { join } from './commands/join.ts';
import { model } from './commands/model.ts';
import { packets } from './commands/packets.ts';
import { replay } from './commands/replay.ts';
import { runs } from './commands/runs.ts';
import { serve } from './commands/serve.ts';
import { complain } from './complain.ts';
import { shownSecret } from './options/secret-text.ts';

const commands: readonly Command[] = [
  demo,
  coordinate,
  invite,
  join,
  compare,
  serve,
  approvals,
  runs,
  replay,
  packets,
  diagnose,
  exportRecording,
  brokerRulesCommand,
  check,
  model,
];

function overview(): string {
  return [
    'Roundscope: training node and flight recorder for federated learning.',
    '',
    'Usage: roundscope COMMAND [options]',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(14)}${command.summary}`),
    '',
    'roundscope COMMAND --help tells more.',
    '',
  ].join('\n');
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? exitStatus.usage : exitStatus.completed;
  }
  const command = commands.find((known) => known.name === name);
  if (command === undefined) {
    const near = nearest(
      name,
      commands.map((known) => known.name),
    );
    return complain(
      `There is no command "${name}".${near === undefined ? '' : ` Did you mean ${near}?`} See: roundscope --help`,
      exitStatus.usage,
    );
  }
  const args = parseArguments(command, rest);
  if (!args.ok) return complain(args.error, exitStatus.usage);
  if (args.value.has('help')) {
    process.stdout.write(helpText(command));
    return exitStatus.completed;
  }
  // What lists processes shows this from now on: an invitation or a broker's password may stand in the arguments.
  process.title = `roundscope ${command.name}`;
  const shown = shownSecret(rest, process.env);
  if (shown !== null) process.stderr.write(`${shown}\n`);
  try {
    return await command.run(args.value);
  } catch (error) {
    if (!(error instanceof RoundscopeError)) throw error;
    return complain(toErrorReport(error), exitStatus.failed);
  }
}

// A reader that has heard enough (`| head`, `2>&1 | head`) closes what it reads: that ends the program without a stack trace.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitStatus.completed : exitStatus.failed),
  );
exitWhenIdle();
endOnFault();
process.exitCode = await main(process.argv.slice(2));
