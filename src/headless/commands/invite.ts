import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '#shared/base/text/counted.ts';
import { parseUntil } from '#shared/base/time/until.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { keptInvitations, type KeptInvitations } from '#coordinator/kept-invitations.ts';
import { fileMode, folderMode } from '#engine/durability/atomic-file.ts';
import { diskError } from '#engine/durability/disk-errors.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { fileOf } from '#service/checks/typed-paths.ts';
import type { Command } from '../arguments.ts';
import { readCredentials, userFor, type BrokerCredentials } from '../options/broker-credentials.ts';
import { complain } from '../complain.ts';
import { parseNames } from '../options/name-list.ts';

export const invite: Command = {
  name: 'invite',
  summary:
    'Makes an invitation for each of some participants, signed by the coordinator whose run is kept in a folder, while it runs or not.',
  positionals: [{ name: 'NAMES', help: 'whom they are for, with commas between' }],
  options: [
    { name: 'state', value: 'FOLDER', help: 'the folder of `coordinate --state`; nothing in it is changed' },
    {
      name: 'until',
      value: 'WHEN',
      help: 'how long newcomers are let in by it: 3d, 12h, 2026-12-24',
      default: 'as long as the run lasts',
    },
    {
      name: 'broker-credentials',
      value: 'FILE',
      help: 'the file participants that `roundscope broker-rules` made: each invitation has its own user and password',
    },
    {
      name: 'to',
      value: 'FOLDER',
      help: 'where they go, a file each that only you can read (0600); must not exist yet',
      default: 'the folder that you are in',
    },
    { name: 'print', help: 'one a line on stdout instead' },
  ],
  examples: [
    'roundscope invite anna --state ./my-run --until 3d',
    'roundscope invite anna,ben --state ./my-run --broker-credentials ./my-broker/participants --to ./invitations',
  ],
  run: async (args) => {
    const [named] = args.positionals;
    if (named === undefined) return complain('invite takes names: roundscope invite anna,ben.', exitStatus.usage);
    const names = parseNames(named);
    if (!names.ok) return complain(`${names.error}.`, exitStatus.usage);
    const [state, until, file] = [args.text('state'), args.text('until'), args.text('broker-credentials')];
    if (state === undefined)
      return complain(
        'invite takes the folder in which the coordinator keeps its run: --state FOLDER.',
        exitStatus.usage,
      );
    if (args.has('print') && args.has('to')) return complain('--print and --to: one of them.', exitStatus.usage);
    const last = until === undefined ? ok(undefined) : parseUntil(until, systemClock.wallMs());
    if (!last.ok) return complain(`--until: ${last.error}.`, exitStatus.usage);
    const typed = typedIn(process.env);
    const kept = await keptInvitations(fileOf(state, typed));
    const brokers = await brokersFor(names.value, kept, file === undefined ? undefined : fileOf(file, typed));
    if (!brokers.ok) return complain(brokers.error, exitStatus.usage);
    for (const name of names.value) {
      const reason = kept.keptOut(name);
      if (reason !== null) return complain(`${name} was expelled from run ${kept.run}: ${reason}`, exitStatus.failed);
    }
    const invited = names.value.map((name) => {
      const broker = brokers.value.get(name);
      const terms = {
        ...(last.value === undefined ? {} : { until: last.value }),
        ...(broker === undefined ? {} : { broker }),
      };
      return { name, text: kept.invitations.for({ name, ...terms }) };
    });
    if (args.has('print')) process.stdout.write(invited.map(({ text }) => `${text}\n`).join(''));
    else {
      const paths = await writeAll(fileOf(args.text('to') ?? '.', typed), invited);
      for (const path of paths) process.stdout.write(`${visibleText(path)}\n`);
    }
    const end =
      last.value === undefined ? 'as long as the run lasts' : `until ${new Date(last.value).toLocaleString()}`;
    const words = `${counted(invited.length, 'invitation')} to run ${kept.run}, good for newcomers ${end}, or until the run's invitation is renewed. On the participant's machine: roundscope join @FILE`;
    process.stderr.write(`${visibleText(words)}\n`);
    return exitStatus.completed;
  },
};

/** The broker's address for each of them; empty: that of the run is everybody's. */
async function brokersFor(
  names: readonly ParticipantId[],
  { ownUsers, brokers, run }: KeptInvitations,
  path: string | undefined,
): Promise<Result<BrokerCredentials, string>> {
  if (path === undefined && !ownUsers) return ok(new Map());
  const option = '--broker-credentials';
  if (path === undefined)
    return err(`At the broker of run ${run} each participant is a user of its own: say ${option} FILE.`);
  if (brokers.length === 0)
    return err(`${option}: run ${run} has no broker elsewhere that anybody could be a user of.`);
  const read = await readCredentials(path);
  if (read === null) return err(`${option}: there is no file ${path}.`);
  if (!read.ok) return err(`${option}: ${read.error}`);
  for (const name of names) {
    const user = userFor(name, read.value, { path, brokers });
    if (!user.ok) return err(`${option}: ${user.error}`);
  }
  return read;
}

/** @throws RoundscopeError `path_unwritable`: one of them is there already, and is left as it is */
async function writeAll(
  folder: string,
  invited: readonly { readonly name: string; readonly text: string }[],
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { name, text } of invited) {
    const path = join(folder, `invitation-${name}`);
    try {
      await mkdir(folder, { recursive: true, mode: folderMode });
      await writeFile(path, `${text}\n`, { mode: fileMode, flag: 'wx' });
    } catch (error) {
      throw diskError(path, error);
    }
    paths.push(path);
  }
  return paths;
}
