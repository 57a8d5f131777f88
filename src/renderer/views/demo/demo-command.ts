import type { NetworkFigures, NetworkSpec } from '#shared/contract/run/network.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import type { DemoSettings, FaultSpec } from '#shared/contract/run/settings.ts';

/** `NAME[:PARTICIPANT][@ROUND][+SECONDS]`, as the command line takes it. */
export function faultArgument(fault: FaultSpec): string {
  return `${fault.name}${fault.participant === undefined ? '' : `:${fault.participant}`}${fault.round === undefined ? '' : `@${fault.round}`}${fault.seconds === undefined ? '' : `+${fault.seconds}`}`;
}

/** `NETWORK[:PARTICIPANT]`, likewise. */
export function networkArgument({ preset, participant, change }: NetworkSpec): string {
  const figures = Object.entries(change ?? {}).map(
    ([name, value]) => `${figureWords[name as keyof NetworkFigures]}=${value}`,
  );
  const words = preset === 'none' && figures.length > 0 ? figures : [preset, ...figures];
  return `${words.join(',')}${participant === undefined ? '' : `:${participant}`}`;
}

const figureWords: Readonly<Record<keyof NetworkFigures, string>> = {
  latencyMs: 'latency',
  jitterMs: 'jitter',
  lossPercent: 'loss',
  bandwidthKbps: 'bandwidth',
  reorderPercent: 'reorder',
};

/** The same demo from a terminal. What is as by default is left out, but for what people change most. */
export function demoCommand(settings: DemoSettings): string {
  const parts = [
    'roundscope demo',
    `--participants ${settings.participants}`,
    `--rounds ${settings.rounds}`,
    `--transport ${settings.transport}`,
    ...(settings.control === demoDefaults.control ? [] : [`--control ${settings.control}`]),
    ...(settings.selection === undefined ? [] : [`--selection ${settings.selection}`]),
    ...(settings.data === demoDefaults.data ? [] : [`--data ${shellQuoted(settings.data)}`]),
    `--split ${settings.split}`,
    `--local-epochs ${settings.localEpochs}`,
    `--seed ${settings.seed}`,
    ...(settings.deadlineMs === demoDefaults.deadlineMs ? [] : [`--deadline ${settings.deadlineMs / 1000}`]),
    ...(settings.paceMs === demoDefaults.paceMs ? [] : [`--pace ${settings.paceMs / 1000}`]),
    ...settings.network.map((network) => `--network ${networkArgument(network)}`),
    ...settings.faults.map((fault) => `--fault ${faultArgument(fault)}`),
  ];
  return parts.join(' ');
}

function shellQuoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
