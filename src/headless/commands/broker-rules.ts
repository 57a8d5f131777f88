import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoopback } from '#shared/base/loopback.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { folderMode, writeAtomically } from '#engine/durability/atomic-file.ts';
import { diskError } from '#engine/durability/disk-errors.ts';
import { openTo } from '#engine/host/own-folder.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { brokerKinds, brokerRules, type BrokerKind, type RuleFile } from '#engine/transport/broker-rules.ts';
import { ownUserIn } from '#engine/transport/broker-users.ts';
import { fileOf } from '#service/checks/typed-paths.ts';
import type { Command } from '../arguments.ts';
import { credentialsText, readCredentials, secretFile } from '../options/broker-credentials.ts';
import { planBroker, type BrokerKept, type BrokerPlan } from '../options/broker-plan.ts';
import { brokerSteps } from '../options/broker-words.ts';
import { complain } from '../complain.ts';

export const brokerRulesCommand: Command = {
  name: 'broker-rules',
  summary:
    'Makes users for a run at a broker of yours, one for the coordinator and one for each participant, and the rules by which each may do no more than it does.',
  positionals: [{ name: 'KIND', help: Object.keys(brokerKinds).join(' or ') }],
  options: [
    {
      name: 'broker',
      value: 'URL',
      help: 'address of the broker without user and password: mqtts://broker.example.org, amqps://broker.example.org; behind it a virtual host of RabbitMQ that the run has for itself',
      default: 'as in the folder',
    },
    {
      name: 'participants',
      value: 'NAMES',
      help: 'all who take part, with commas between; who is left out later has no user any more',
      default: 'as in the folder',
    },
    {
      name: 'run',
      value: 'ID',
      help: 'the run, as `coordinate --run` takes it',
      default: 'as in the folder, or a new one',
    },
    {
      name: 'to',
      value: 'FOLDER',
      help: 'where it goes, in files of your own (0600): broker/ for whoever runs it, coordinator and participants with their passwords. In a folder that has them already everybody keeps theirs',
    },
    { name: 'renew', value: 'NAMES', help: 'who gets another password: participants, coordinator, or all' },
    { name: 'print', help: 'everything on stdout, passwords too, instead of files' },
  ],
  examples: [
    'roundscope broker-rules mosquitto --broker mqtts://broker.example.org --participants anna,ben --to ./my-broker',
    'roundscope broker-rules rabbitmq --broker amqps://broker.example.org --participants anna,ben --to ./my-broker',
    'roundscope broker-rules mosquitto --participants anna,cleo --renew anna --to ./my-broker',
  ],
  run: async (args) => {
    const [kind = ''] = args.positionals;
    if (!isKind(kind))
      return complain(
        `broker-rules takes the kind of broker: ${Object.keys(brokerKinds).join(' or ')}.`,
        exitStatus.usage,
      );
    const to = args.text('to');
    if ((to === undefined) !== args.has('print'))
      return complain(
        'broker-rules makes passwords: say --to FOLDER to have them in files of your own, or --print to see them.',
        exitStatus.usage,
      );
    const folder = to === undefined ? null : fileOf(to, typedIn(process.env));
    const kept = folder === null ? ok(null) : await keptIn(folder);
    if (!kept.ok) return complain(kept.error, exitStatus.usage);
    const asked = { broker: args.text('broker'), run: args.text('run'), renew: args.text('renew') };
    const plan = planBroker({ kind, ...asked, participants: args.text('participants') }, kept.value, systemEntropy);
    if (!plan.ok) return complain(plan.error, exitStatus.usage);
    const broker = new URL(plan.value.broker);
    if (!broker.protocol.endsWith('s:') && !isLoopback(broker.hostname))
      say(
        `${plan.value.broker} has no TLS: passwords cross the network readable, and whoever reads them is that user.`,
      );
    const files = filesOf(kind, plan.value);
    if (folder === null) {
      const shown = files.map(({ name, text }) => `--- ${name} ---\n${text}`).join('\n');
      process.stdout.write(`${shown}\n`);
    } else await writeAll(folder, files);
    process.stdout.write(
      `${brokerSteps(kind, plan.value, folder ?? '')
        .map(visibleText)
        .join('\n')}\n`,
    );
    return exitStatus.completed;
  },
};

function filesOf(kind: BrokerKind, plan: BrokerPlan): readonly RuleFile[] {
  const { [coordinatorId as string]: coordinator = '', ...participants } = Object.fromEntries(plan.urls);
  const rules = brokerRules(kind, { ...plan, entropy: systemEntropy });
  return [
    // First: without them a broker would have passwords that nobody knows.
    { name: 'coordinator', text: `${coordinator}\n` },
    { name: 'participants', text: credentialsText(new Map(Object.entries(participants))) },
    ...rules.map(({ name, text }) => ({ name: join('broker', name), text })),
  ];
}

async function keptIn(folder: string): Promise<Result<BrokerKept | null, string>> {
  const path = join(folder, 'coordinator');
  const coordinator = await secretFile(path);
  if (coordinator === null) return ok(null);
  if (!coordinator.ok) return coordinator;
  const url = coordinator.value.trim();
  if (URL.parse(url) === null || ownUserIn(url)?.who !== coordinatorId)
    return err(`${path} holds no address of a coordinator at its broker. Choose another folder.`);
  const participants = await readCredentials(join(folder, 'participants'));
  if (participants?.ok === false) return participants;
  return ok({ coordinator: url, participants: participants?.value ?? new Map<string, string>() });
}

/** @throws RoundscopeError `disk_full`, `path_unwritable` */
async function writeAll(folder: string, files: readonly RuleFile[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: folderMode });
    const open = openTo(folder);
    if (open !== null) say(`Others may look into ${folder} (mode ${open}); the files in it are yours alone.`);
  } catch (error) {
    throw diskError(folder, error);
  }
  for (const { name, text } of files) await writeAtomically(join(folder, name), [Buffer.from(text, 'utf8')]);
}

function isKind(text: string): text is BrokerKind {
  return Object.hasOwn(brokerKinds, text);
}

function say(text: string): void {
  process.stderr.write(`${visibleText(text)}\n`);
}
