import { resolve } from 'node:path';
import { toErrorReport } from '#shared/base/errors.ts';
import { parseDuration } from '#shared/base/text/duration.ts';
import type { Approval } from '#shared/contract/run/approval.ts';
import { asParticipantId, hashSchema } from '#shared/contract/ids.ts';
import { participantStartSchema, type ParticipantStart } from '#shared/contract/child-messages.ts';
import { digitsData } from '#shared/contract/run/bundled-data.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import { strategyNames } from '#shared/contract/run/selection.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { dataOf, namedFiles } from '#service/checks/typed-paths.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import type { Arguments, Command } from '../arguments.ts';
import { selectionOption, wrongEnvironment } from '../options/selection-option.ts';
import { dataHelp } from '../options/data-option.ts';
import { complain } from '../complain.ts';
import { checkInvitation } from '#service/checks/check-invitation.ts';
import type { AppService } from '#service/app-service.ts';
import { approveOption, askPerson, parseApproval, planLines } from '../options/approve-option.ts';
import { createService } from '../create-service.ts';
import { mapOption, parseMaps } from '../options/map-option.ts';
import { wrongRecord } from '../options/record-option.ts';
import { runToEnd } from '../run-to-end.ts';
import { secretForms, secretText } from '../options/secret-text.ts';

/** Both lengths of time, or what is wrong with them. */
function patienceOf(args: Arguments): Pick<ParticipantStart, 'waitMs' | 'giveUpAfterMs'> | string {
  const wait = args.text('wait');
  const waitMs = wait === undefined ? undefined : parseDuration(wait);
  if (waitMs === null) return `--wait takes a length of time, such as 90s or 10m, not ${wait}.`;
  const giveUp = args.text('give-up-after');
  const giveUpMs = giveUp === undefined || giveUp === 'never' ? undefined : parseDuration(giveUp);
  if (giveUpMs === null || (giveUpMs !== undefined && giveUpMs < 1000))
    return `--give-up-after takes a length of time of 1s or more, such as 90s or 10m, or never, not ${giveUp}.`;
  return {
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(giveUp === undefined ? {} : { giveUpAfterMs: giveUpMs ?? null }),
  };
}

function stateOf(args: Arguments): Pick<ParticipantStart, 'stateFolder'> {
  const state = args.text('state');
  return state === undefined ? {} : { stateFolder: resolve(state) };
}

/** The plan that a person has read and approved; a text: why there is none, or nothing was approved. */
async function askAboutPlan(invitation: string, name: string, service: AppService): Promise<Approval | string> {
  const { checks, plan, asked } = await checkInvitation({ invitation, name }, service.lookingParts);
  if (plan === null || asked === null) {
    const fault = checks.find(({ state }) => state === 'fault');
    return `The plan of the run cannot be read: ${fault?.text ?? 'its coordinator does not answer'}.`;
  }
  // Whoever says no has it logged and answered by the same process that would have trained.
  const yes = await askPerson(planLines(plan, asked));
  return yes ? { by: 'person', plan: hashSchema.parse(asked.hash) } : { by: 'refusal' };
}

export const join: Command = {
  name: 'join',
  summary:
    'Takes part in a run with local data. No image, label or file name leaves this machine; docs/security.md lists what does.',
  positionals: [
    { name: 'INVITATION', help: `the line that \`roundscope coordinate\` printed, in quotes; better ${secretForms}` },
  ],
  options: [
    {
      name: 'data',
      value: 'WHAT',
      help: dataHelp,
      default: digitsData.name,
    },
    mapOption,
    {
      name: 'transport',
      value: 'NAME',
      help: 'one of those that the invitation offers, or auto: chosen by what the network is like',
      default: 'as the invitation says',
    },
    selectionOption,
    {
      name: 'name',
      value: 'NAME',
      help: 'what the others call this participant',
      default: 'that of the invitation, else one made for this machine once, such as quiet-heron-42',
    },
    approveOption,
    {
      name: 'exact-counts',
      help: 'tells how many images there are as it is, in all and of each class; without it rounded to two digits and tens',
    },
    {
      name: 'state',
      value: 'FOLDER',
      help: 'where a computed update is kept until it has arrived; joined again after a crash, it is sent and not trained again',
      default: 'in the data folder, by run and name',
    },
    {
      name: 'wait',
      value: 'DURATION',
      help: 'how long a coordinator that nobody has heard of yet is tried for, such as 90s or 10m',
      default: '20s',
    },
    {
      name: 'give-up-after',
      value: 'DURATION',
      help: 'how long a coordinator that does not answer any more is tried for, or never; time asleep does not count',
      default: '10m',
    },
    {
      name: 'model-out',
      value: 'FILE',
      help: 'where the last global model goes, as safetensors with its layers and class names; must not exist yet',
      default: 'in the data folder, beside the best one',
    },
    {
      name: 'record',
      value: 'FILE',
      help: 'where to record; must not exist yet',
      default: 'a new file in the data folder',
    },
    { name: 'json', help: 'one JSON event a line on stdout, the summary last' },
  ],
  examples: [
    'roundscope join - --data ./faces --name lab-2     # then paste the invitation',
    'roundscope join @invitation --data ./faces --approve rules.json',
    "roundscope join @invitation --data ./faces --map 'Happy=happy,suprise=surprise,junk='",
  ],
  run: async (args) => {
    const [invited] = args.positionals;
    if (invited === undefined)
      return complain(
        'join takes the invitation that the coordinator printed: roundscope join - and paste it, or roundscope join @FILE that holds it',
        exitStatus.usage,
      );
    const unrecorded = wrongRecord(args);
    if (unrecorded !== null) return complain(unrecorded, exitStatus.usage);
    const text = await secretText(invited);
    const invitation = decodeInvitation(text);
    if (!invitation.ok) {
      const { message, ...error } = toErrorReport(invitation.error);
      // A shell takes its `?` for a wildcard and its `&` for an end.
      return complain({ ...error, message: `${message} On a command line it stands in quotes.` }, exitStatus.usage);
    }
    const madeFor = invitation.value.pass?.name;
    const given = args.text('name') ?? madeFor;
    const named = given === undefined ? null : participantName(given);
    if (named?.ok === false) return complain(`--name: ${named.error}.`, exitStatus.usage);
    if (madeFor !== undefined && madeFor !== given)
      return complain(
        `--name: this invitation was made for ${madeFor}, and lets in nobody of another name.`,
        exitStatus.usage,
      );
    const transport = participantStartSchema.shape.transport.safeParse(args.text('transport'));
    const offered = [...new Set(invitation.value.endpoints.map(({ protocol }) => protocol))];
    if (!transport.success || (transport.data !== undefined && !['auto', ...offered].includes(transport.data)))
      return complain(`--transport: this run is offered over ${offered.join(', ')}; auto chooses.`, exitStatus.usage);
    const selection = participantStartSchema.shape.selection.safeParse(args.text('selection'));
    if (!selection.success) return complain(`--selection takes one of ${strategyNames.join(', ')}.`, exitStatus.usage);
    const environment = wrongEnvironment(selection.data);
    if (environment !== null) return complain(environment, exitStatus.usage);
    const mapping = parseMaps(args.all('map'));
    if (!mapping.ok) return complain(mapping.error, exitStatus.usage);
    const patience = patienceOf(args);
    if (typeof patience === 'string') return complain(patience, exitStatus.usage);
    const wanted = parseApproval(args.text('approve'), process.stdin.isTTY && process.stderr.isTTY);
    if (!wanted.ok) return complain(wanted.error, exitStatus.usage);
    await using service = createService('browser');
    try {
      const approval = wanted.value === 'ask' ? await askAboutPlan(text, named?.value ?? '', service) : wanted.value;
      if (typeof approval === 'string') return complain(approval, exitStatus.failed);
      return await runToEnd({
        json: args.has('json'),
        service,
        begin: () =>
          service.join(
            invitation.value.run,
            {
              name: named?.value ?? asParticipantId(service.app.ownName),
              invitation: text,
              data: dataOf(args.text('data') ?? digitsData.name, typedIn(process.env)),
              ...namedFiles({ modelOut: args.text('model-out') }, typedIn(process.env)),
              ...(mapping.value.length === 0 ? {} : { mapping: mapping.value }),
              ...(transport.data === undefined ? {} : { transport: transport.data }),
              ...(selection.data === undefined ? {} : { selection: selection.data }),
              identityFolder: service.app.dataFolder,
              ...(args.has('exact-counts') ? { exactCounts: true } : {}),
              ...patience,
              approval,
              ...stateOf(args),
            },
            { recordPath: args.text('record') },
          ),
      });
    } catch (error) {
      return complain(toErrorReport(error), exitStatus.failed);
    }
  },
};
