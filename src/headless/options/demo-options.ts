import { err, ok, type Result } from '#shared/base/result.ts';
import {
  demoDefaults,
  demoSettingsSchema,
  faultNames,
  faultSchema,
  type DemoSettings,
  type FaultSpec,
  usualDeadlineMs,
} from '#shared/contract/run/settings.ts';
import { protocolSchema } from '#shared/contract/protocols.ts';
import { demoParticipants } from '#demo/demo-federation.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { dataOf, namedModel } from '#service/checks/typed-paths.ts';
import type { Arguments, Option } from '../arguments.ts';
import { nearest } from '../arguments.ts';
import { modelOption } from './model-option.ts';
import { dataHelp } from './data-option.ts';
import { networkOption, parseNetworks } from './network-option.ts';
import { selectionOption, wrongEnvironment } from './selection-option.ts';
import { transportHelp, wrongOption, wrongTransport } from './wrong-option.ts';

export const demoOptions: readonly Option[] = [
  {
    name: 'participants',
    value: 'N',
    help: 'how many train, one process each',
    default: String(demoDefaults.participants),
  },
  { name: 'rounds', value: 'N', help: 'how many rounds', default: String(demoDefaults.rounds) },
  { name: 'transport', value: 'NAMES', help: transportHelp, default: demoDefaults.transport },
  {
    name: 'control',
    value: 'NAME',
    help: 'same: one session carries all; mqtt: control over MQTT, models over the transport',
    default: demoDefaults.control,
  },
  selectionOption,
  {
    name: 'data',
    value: 'WHAT',
    help: dataHelp,
    default: demoDefaults.data,
  },
  modelOption,
  {
    name: 'split',
    value: 'HOW',
    help: 'iid, or dirichlet:ALPHA (0.3 is strongly skewed)',
    default: demoDefaults.split,
  },
  {
    name: 'local-epochs',
    value: 'N',
    help: 'passes over the local data per round',
    default: String(demoDefaults.localEpochs),
  },
  { name: 'seed', value: 'N', help: 'the same seed gives the same models', default: String(demoDefaults.seed) },
  {
    name: 'deadline',
    value: 'SECONDS',
    help: 'a phase of a round closes then at quorum, or the run ends as stalled',
    default: `${demoDefaults.deadlineMs / 1000}, more over a slow network or with faces`,
  },
  {
    name: 'pace',
    value: 'SECONDS',
    help: 'about how long a round takes; 0: as fast as it can',
    default: `${demoDefaults.paceMs / 1000} in a window, 0 without`,
  },
  {
    name: 'fault',
    value: 'NAME[:PARTICIPANT][@ROUND][+SECONDS]',
    help: `${faultNames.join(', ')}; may be given several times; +8: over after 8 seconds`,
    repeatable: true,
  },
  networkOption,
];

/**
 * Settings of a demo out of its options; the error is one sentence for people.
 * @param paceMs where no pace is given: people want to see what happens, scripts have no time
 */
export function demoSettings(args: Arguments, paceMs: number): Result<DemoSettings, string> {
  const faults: FaultSpec[] = [];
  for (const text of args.all('fault')) {
    const fault = parseFault(text);
    if (!fault.ok) return fault;
    faults.push(fault.value);
  }
  const network = parseNetworks(args.all('network'));
  if (!network.ok) return network;
  const participants = numberOr(args.text('participants'), demoDefaults.participants);
  const data = dataOf(args.text('data') ?? demoDefaults.data, typedIn(process.env));
  const usualMs = usualDeadlineMs({ network: network.value, participants, data });
  const checked = demoSettingsSchema.safeParse({
    participants,
    rounds: numberOr(args.text('rounds'), demoDefaults.rounds),
    transport: args.text('transport') ?? demoDefaults.transport,
    control: args.text('control') ?? demoDefaults.control,
    ...(args.has('selection') ? { selection: args.text('selection') } : {}),
    data,
    ...namedModel(args.text('model'), typedIn(process.env)),
    split: args.text('split') ?? demoDefaults.split,
    localEpochs: numberOr(args.text('local-epochs'), demoDefaults.localEpochs),
    seed: numberOr(args.text('seed'), demoDefaults.seed),
    deadlineMs: Math.round(numberOr(args.text('deadline'), usualMs / 1000) * 1000),
    paceMs: Math.round(numberOr(args.text('pace'), paceMs / 1000) * 1000),
    faults,
    network: network.value,
  });
  if (!checked.success) {
    return err(wrongOption(checked.error));
  }
  const environment = wrongEnvironment(checked.data.selection);
  if (environment !== null) return err(environment);
  const transport = wrongTransport(checked.data.transport);
  if (transport !== null) return err(transport);
  if (checked.data.control === 'mqtt' && !protocolSchema.safeParse(checked.data.transport).success)
    return err('--control mqtt goes with one transport for the models: name one with --transport.');
  const names = demoParticipants(checked.data.participants);
  const isStray = ({ participant }: { readonly participant?: FaultSpec['participant'] }): boolean =>
    participant !== undefined && !names.includes(participant);
  const stray = faults.find(isStray);
  if (stray !== undefined)
    return err(`--fault ${stray.name}: there is no ${stray.participant}; this demo has ${names.join(', ')}.`);
  const nobody = network.value.find(isStray);
  if (nobody !== undefined)
    return err(`--network ${nobody.preset}: there is no ${nobody.participant}; this demo has ${names.join(', ')}.`);
  return ok(checked.data);
}

/** `NAME[:PARTICIPANT][@ROUND][+SECONDS]`, the same here and in the window's command line. */
export function parseFault(text: string): Result<FaultSpec, string> {
  const parts = /^([a-z-]+)(?::([^@+]+))?(?:@(\d+))?(?:\+(\d+(?:\.\d+)?))?$/.exec(text);
  if (parts === null) return err(`--fault ${text}: write it as NAME, NAME:node-2, NAME@3, NAME:node-2@3 or NAME@3+8.`);
  const [, name, participant, round, seconds] = parts;
  const checked = faultSchema.safeParse({
    name,
    ...(participant === undefined ? {} : { participant }),
    ...(round === undefined ? {} : { round: Number(round) }),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
  });
  if (checked.success) return ok(checked.data);
  const near = nearest(name ?? '', faultNames);
  return err(
    `--fault ${text}: ${near === undefined ? `faults are ${faultNames.join(', ')}` : `did you mean ${near}?`}`,
  );
}

function numberOr(text: string | undefined, fallback: number): number {
  // NaN for what is no number, so that the schema names the option.
  return text === undefined ? fallback : text.trim() === '' ? Number.NaN : Number(text);
}
