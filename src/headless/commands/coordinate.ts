import { resolve } from 'node:path';
import { readRunFile } from '#engine/durability/run-file.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { counted } from '#shared/base/text/counted.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { boundFor, ofOneLink, parseAnnounced } from '#shared/contract/app/announced.ts';
import { brokerAt } from '#shared/contract/brokers.ts';
import { controlModeSchema, type ControlMode } from '#shared/contract/protocols.ts';
import { digitsData } from '#shared/contract/run/bundled-data.ts';
import { transportPlanSchema, type TransportPlan } from '#shared/contract/run/transport-plan.ts';
import { runPlanSchema } from '#shared/contract/run/settings.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';
import { bareHost } from '#engine/transport/addresses.ts';
import { ownUserIn, withoutUser } from '#engine/transport/broker-users.ts';
import { typedIn } from '#engine/host/user-path.ts';
import type { AppService } from '#service/app-service.ts';
import type { RunningFederation } from '#service/runs/federation.ts';
import { coordinatorId, runIdSchema, type RunId } from '#shared/contract/ids.ts';
import { dataOf, namedFiles, namedModel } from '#service/checks/typed-paths.ts';
import type { Arguments, Command } from '../arguments.ts';
import { admitOption, parseAdmit } from '../options/admit-option.ts';
import { usersFrom } from '../options/broker-credentials.ts';
import { dataHelp } from '../options/data-option.ts';
import { complain } from '../complain.ts';
import { createService } from '../create-service.ts';
import { openAdmissionPrompt, type PromptParts, type Invited } from '../prompt/admission-prompt.ts';
import type { ConsoleReporter } from '../output/console-reporter.ts';
import { wrongRecord } from '../options/record-option.ts';
import { runToEnd } from '../run-to-end.ts';
import { modelOption } from '../options/model-option.ts';
import { secretForms, secretText } from '../options/secret-text.ts';
import { transportChoice, transportHelp, wrongBroker, wrongOption, wrongTransport } from '../options/wrong-option.ts';

/** What holds where nothing is said: one source for the help and for the run. */
const usual = {
  participants: 2,
  rounds: 10,
  localEpochs: 2,
  quorum: 0.75,
  deadlineS: 120,
  waitS: 3600,
  seed: 1,
} as const;

export const coordinate: Command = {
  name: 'coordinate',
  summary: 'Serves a run to participants on other machines. Prints an invitation: one line for `roundscope join`.',
  positionals: [],
  options: [
    {
      name: 'participants',
      value: 'N',
      help: 'start round 1 when so many are there',
      default: String(usual.participants),
    },
    { name: 'rounds', value: 'N', help: 'how many rounds', default: String(usual.rounds) },
    { name: 'transport', value: 'NAMES', help: transportHelp, default: 'quic' },
    {
      name: 'control',
      value: 'NAME',
      help: 'same, or mqtt: control over MQTT, models over the transport',
      default: 'same',
    },
    {
      name: 'host',
      value: 'ADDRESS',
      help: 'address of this machine to listen at, in the invitation too; 0.0.0.0 and :: are all of them',
      default: '127.0.0.1; all of them with --announce',
    },
    {
      name: 'announce',
      value: 'HOST[:PORT]',
      help: 'address in the invitation instead, where a router, tunnel or name leads here',
    },
    {
      name: 'port',
      value: 'N',
      help: 'port to listen on; 0 takes a free one; each further transport takes two ports on',
      default: '0',
    },
    {
      name: 'broker',
      value: 'URL',
      help: `a broker of yours instead of our own: mqtts://..., amqp://..., or ${secretForms}; or by ROUNDSCOPE_BROKER`,
    },
    {
      name: 'broker-ca',
      value: 'FILE',
      help: 'certificate of the authority that vouches for the broker (PEM); participants need none',
    },
    {
      name: 'broker-credentials',
      value: 'FILE',
      help: 'the file participants that `roundscope broker-rules` made: for invitations that are asked for here, by `invite NAME`',
    },
    {
      name: 'data',
      value: 'WHAT',
      help: `${dataHelp}; like those of the participants: decides the shape of the model`,
      default: digitsData.name,
    },
    modelOption,
    {
      name: 'local-epochs',
      value: 'N',
      help: 'passes over the local data per round',
      default: String(usual.localEpochs),
    },
    {
      name: 'quorum',
      value: 'SHARE',
      help: 'share of the updates that closes a round at its deadline',
      default: String(usual.quorum),
    },
    {
      name: 'weight-cap',
      value: 'TIMES',
      help: 'most that one participant weighs, in equal shares, and of three or more never over half; off: no limit',
      default: '3',
    },
    {
      name: 'norm-clip',
      value: 'TIMES',
      help: 'longest that an update counts, in medians of its round; off: no limit',
      default: '3',
    },
    { name: 'deadline', value: 'SECONDS', help: 'of each phase of a round', default: String(usual.deadlineS) },
    { name: 'wait', value: 'SECONDS', help: 'how long to wait for the participants', default: String(usual.waitS) },
    admitOption,
    {
      name: 'run',
      value: 'ID',
      help: 'what the run is called on the wire, as `roundscope broker-rules` was told',
      default: 'that of the user in --broker, else a new one',
    },
    { name: 'seed', value: 'N', help: 'of the first model', default: String(usual.seed) },
    {
      name: 'start-from',
      value: 'FILE',
      help: 'first model, such as best.safetensors of an earlier run with the same classes and layers',
      default: 'drawn from the seed',
    },
    { name: 'name', value: 'TEXT', help: 'name of the run', default: 'my run' },
    {
      name: 'state',
      value: 'FOLDER',
      help: 'keep the run there; started again with the same folder after a crash, it goes on where it was, with the same invitation',
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
    { name: 'json', help: 'one JSON event a line on stdout, the invitation first, the summary last' },
  ],
  examples: [
    'roundscope coordinate --host 192.0.2.10 --participants 3',
    'roundscope coordinate --announce hub.example.org --port 4433',
    'roundscope coordinate --state ./my-run',
    'roundscope coordinate --admit ask,anna,lab-2',
    'roundscope coordinate --model net.onnx --data ./validation',
    'roundscope coordinate --start-from best.safetensors',
    'roundscope coordinate --transport mqtt --broker mqtt://localhost:1883',
    'roundscope coordinate --transport mqtt --broker @broker-address --broker-ca our-authority.pem',
    'roundscope coordinate --transport mqtt --broker @my-broker/coordinator --state ./my-run',
  ],
  run: async (args) => {
    const transport = transportPlanSchema.safeParse(args.text('transport') ?? 'quic');
    const control = controlModeSchema.safeParse(args.text('control') ?? 'same');
    const settings = runPlanSchema.safeParse(settingsFrom(args));
    if (!transport.success || wrongTransport(transport.data) !== null)
      return complain(transportChoice(), exitStatus.usage);
    if (!control.success) return complain(`--control: ${control.error.issues[0]?.message ?? ''}`, exitStatus.usage);
    if (!settings.success) return complain(wrongOption(settings.error), exitStatus.usage);
    const told = await brokerFrom(args);
    if (!told.ok) return complain(told.error, exitStatus.usage);
    const { broker, brokerOf } = told.value;
    const from = args.text('broker') === undefined ? 'ROUNDSCOPE_BROKER' : '--broker';
    const plan = { transport: transport.data, control: control.data };
    const brokerCa = args.text('broker-ca');
    const address = addressFrom(args, plan);
    if (!address.ok) return complain(address.error, exitStatus.usage);
    const unrecorded = wrongRecord(args);
    if (unrecorded !== null) return complain(unrecorded, exitStatus.usage);
    const admission = await parseAdmit(args.text('admit'));
    if (!admission.ok) return complain(admission.error, exitStatus.usage);
    const state = args.text('state');
    const named = runOf(args.text('run'), broker);
    if (!named.ok) return complain(named.error, exitStatus.usage);
    await using service = createService('browser');
    const json = args.has('json');
    try {
      const former = state === undefined ? null : await readRunFile(resolve(state));
      // A run that goes on has the transport and broker that it was begun with.
      const misfit = broker === undefined || former !== null ? null : wrongBroker({ url: broker, from }, plan);
      if (misfit !== null) return complain(misfit, exitStatus.usage);
      if (former !== null && named.value !== undefined && named.value !== former.start.run)
        return complain(`Run ${former.start.run} lies in ${state ?? ''}, not ${named.value}.`, exitStatus.usage);
      return await runToEnd({
        json,
        eventsAfterStart: true,
        service,
        begin: () =>
          service.startCoordinator(
            // The folder may have been moved since.
            former !== null && state !== undefined
              ? { ...former.start, stateFolder: resolve(state), ...sameBroker(former.start.broker, broker) }
              : {
                  settings: settings.data,
                  transport: transport.data,
                  control: control.data,
                  ...address.value,
                  ...(broker === undefined ? {} : { broker }),
                  ...(brokerCa === undefined ? {} : { brokerCa: resolve(brokerCa) }),
                  data: dataOf(args.text('data') ?? digitsData.name, typedIn(process.env)),
                  admission: admission.value,
                  ...filesFrom(args),
                  identityFolder: service.app.dataFolder,
                  ...(state === undefined ? {} : { stateFolder: resolve(state) }),
                },
            { recordPath: args.text('record'), run: former?.start.run ?? named.value },
          ),
        onStarted: (running, reporter) => {
          const { minimumParticipants: participants } = settings.data;
          const { rule } = former?.start.admission ?? admission.value;
          const asked = { asks: rule === 'ask', brokerOf, participants };
          return openFor(running, reporter, { service, json, former: former?.start.run, ...asked });
        },
      });
    } catch (error) {
      return complain(toErrorReport(error), exitStatus.failed);
    }
  },
};

interface Opening {
  readonly service: AppService;
  readonly json: boolean;
  /** The run that is gone on with. */
  readonly former: RunId | undefined;
  readonly participants: number;
  /** Each participant is a user of its own at the broker: which one. */
  readonly brokerOf: PromptParts['brokerOf'];
  /** Whoever is not expected waits for a word of this terminal. */
  readonly asks: boolean;
}

/** Says how others join, and takes orders about them as long as the run goes on. */
function openFor({ invitation }: RunningFederation, reporter: ConsoleReporter, opening: Opening): Disposable {
  const { service, json, former, participants, brokerOf, asks } = opening;
  // The one thing on stdout besides events: it can be piped into another program.
  const write = (said: Invited): void =>
    void process.stdout.write(json ? `${JSON.stringify({ event: 'invitation', ...said })}\n` : `${said.invitation}\n`);
  if (former !== undefined)
    reporter.say(
      `Going on with run ${former}, as it was begun: other options do not apply to it, but for the broker's user and password.`,
    );
  reporter.say(
    `Waiting for ${peopleOf(participants)}. On each machine: roundscope join - --data FOLDER, and paste the invitation there.`,
  );
  if (brokerOf !== undefined)
    reporter.say(
      'Each participant is a user of its own at this broker. The invitation here names none, so it reaches nobody there: `roundscope invite NAMES --state FOLDER --broker-credentials FILE` makes those that do.',
    );
  write({ invitation });
  return openAdmissionPrompt({ service, say: (text) => reporter.say(text), invited: write, asks, brokerOf });
}

interface BrokerAsked extends Pick<PromptParts, 'brokerOf'> {
  readonly broker: string | undefined;
}

/** The address of a broker elsewhere, with user and password. */
async function brokerFrom(args: Arguments): Promise<Result<BrokerAsked, string>> {
  // The environment as well: what stands in a command line can be read by every user of the machine.
  const given = args.text('broker') ?? process.env['ROUNDSCOPE_BROKER'];
  // Children are told by message, which leaves nothing to be read in their environment.
  delete process.env['ROUNDSCOPE_BROKER'];
  const broker = given === undefined ? undefined : await secretText(given);
  const url = broker === undefined ? null : URL.parse(broker);
  if (broker !== undefined && (url === null || brokerAt(url) === null))
    return err('--broker takes a URL such as mqtt://localhost:1883 or amqps://user:password@broker.example.');
  const users = await usersFrom(args.text('broker-credentials'), broker);
  return users.ok ? ok({ broker, brokerOf: users.value }) : users;
}

/** What the run is to be called: as `--run` says, or as its coordinator's user at the broker does. */
function runOf(typed: string | undefined, broker: string | undefined): Result<RunId | undefined, string> {
  const own = broker === undefined ? null : ownUserIn(broker);
  if (own !== null && own.who !== coordinatorId)
    return err(`--broker: that is ${own.who} at the broker of run ${own.run}; the coordinator has a file of its own.`);
  const run = runIdSchema.optional().safeParse(typed ?? own?.run);
  if (!run.success) return err(`--run takes ${run.error.issues[0]?.message ?? ''}.`);
  // Under another name its password would be in the invitation, as that of a user for all is.
  if (own !== null && own.run !== run.data) return err(`--broker: its user is one of run ${own.run}: leave --run out.`);
  return ok(run.data);
}

/** Another user or password at the broker that a run was begun with; any other broker is left aside, as all options are. */
function sameBroker(former: string | undefined, given: string | undefined): { readonly broker?: string } {
  const same = former !== undefined && given !== undefined && withoutUser(former) === withoutUser(given);
  return same ? { broker: given } : {};
}

/** Where to listen and, where that differs, what to tell. */
function addressFrom(
  args: Arguments,
  plan: { readonly transport: TransportPlan; readonly control: ControlMode },
): Result<{ readonly host: string; readonly port: number; readonly announce?: string }, string> {
  const port = Number(args.text('port') ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return err('--port takes a number from 0 to 65535.');
  const [host, announce] = [args.text('host'), args.text('announce')];
  const linkOnly = host === undefined ? null : ofOneLink(bareHost(host));
  if (linkOnly !== null) return err(`--host: ${linkOnly}`);
  if (announce === undefined) return ok({ host: bareHost(host ?? '127.0.0.1'), port });
  const announced = parseAnnounced(announce, plan);
  if (!announced.ok) return err(`--announce: ${announced.error}`);
  return ok({ host: bareHost(host ?? boundFor(announced.value)), port, announce });
}

function filesFrom(args: Arguments): {
  readonly model?: string;
  readonly modelOut?: string;
  readonly startFrom?: string;
} {
  const from = typedIn(process.env);
  const others = namedFiles({ modelOut: args.text('model-out'), startFrom: args.text('start-from') }, from);
  return { ...namedModel(args.text('model'), from), ...others };
}

function peopleOf(count: number): string {
  return counted(count, 'participant');
}

/** What the run is to be like, still to be validated. */
export function settingsFrom(args: Arguments): unknown {
  const seconds = (name: string, fallback: number): number => Math.round(Number(args.text(name) ?? fallback) * 1000);
  const times = (name: string, usual: number): number | null => {
    const typed = args.text(name);
    return typed === 'off' ? null : Number(typed ?? usual);
  };
  return {
    name: args.text('name') ?? 'my run',
    rounds: Number(args.text('rounds') ?? usual.rounds),
    minimumParticipants: Number(args.text('participants') ?? usual.participants),
    quorum: Number(args.text('quorum') ?? usual.quorum),
    localEpochs: Number(args.text('local-epochs') ?? usual.localEpochs),
    seed: Number(args.text('seed') ?? usual.seed),
    weightCap: times('weight-cap', weightRuleDefault.weightCap),
    normClip: times('norm-clip', weightRuleDefault.normClip),
    trainingDeadlineMs: seconds('deadline', usual.deadlineS),
    evaluationDeadlineMs: seconds('deadline', usual.deadlineS),
    registrationDeadlineMs: seconds('wait', usual.waitS),
  };
}
