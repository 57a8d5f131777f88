import { err, ok, type Result } from '#shared/base/result.ts';
import {
  networkFigureNames,
  networkPresets,
  networkSpecSchema,
  type NetworkFigures,
  type NetworkPreset,
  type NetworkSpec,
} from '#shared/contract/run/network.ts';
import type { Option } from '../arguments.ts';
import { nearest } from '../arguments.ts';

/** Figures as people write them; the unit is in the help. */
const figureWords: Readonly<Record<string, keyof NetworkFigures>> = {
  latency: 'latencyMs',
  jitter: 'jitterMs',
  loss: 'lossPercent',
  bandwidth: 'bandwidthKbps',
  reorder: 'reorderPercent',
};

export const networkOption: Option = {
  name: 'network',
  value: 'NETWORK[:PARTICIPANT]',
  help: `what lies between: ${networkPresets.join(', ')}; figures may follow or stand alone, each way: latency=100,jitter=30 (ms), loss=1,reorder=5 (%), bandwidth=2000 (kbit/s); may be given several times`,
  default: 'none',
  repeatable: true,
};

/** `poor`, `satellite:node-3`, `latency=80,loss=2:node-2`, `poor,bandwidth=500`; the error is one sentence for people. */
export function parseNetworks(texts: readonly string[]): Result<NetworkSpec[], string> {
  const specs: NetworkSpec[] = [];
  for (const text of texts) {
    const spec = parseNetwork(text);
    if (!spec.ok) return spec;
    specs.push(spec.value);
  }
  return ok(specs);
}

function parseNetwork(text: string): Result<NetworkSpec, string> {
  const [what = '', participant, ...rest] = text.split(':');
  if (what === '' || participant === '' || rest.length > 0)
    return err(`--network ${text}: write it as poor, poor:node-2 or latency=80,loss=2:node-2.`);
  let preset: NetworkPreset = 'none';
  const change: Partial<Record<keyof NetworkFigures, number>> = {};
  for (const [index, item] of what.split(',').entries()) {
    const [word = '', value] = item.split('=');
    const figure = figureWords[word];
    if (value !== undefined && figure !== undefined) change[figure] = value.trim() === '' ? Number.NaN : Number(value);
    else if (value === undefined && index === 0 && isPreset(word)) preset = word;
    else return err(`--network ${text}: ${unknownWord(word, value !== undefined)}`);
  }
  const checked = networkSpecSchema.safeParse({
    preset,
    ...(participant === undefined ? {} : { participant }),
    ...(Object.keys(change).length === 0 ? {} : { change }),
  });
  if (checked.success) return ok(checked.data);
  const [issue] = checked.error.issues;
  const figure = networkFigureNames.find((name) => issue?.path.includes(name));
  const named = Object.keys(figureWords).find((word) => figureWords[word] === figure) ?? issue?.path[0] ?? '';
  return err(
    `--network ${text}: ${String(named)} ${issue?.code === 'invalid_type' ? 'takes a number' : (issue?.message ?? '')}.`,
  );
}

function isPreset(word: string): word is NetworkPreset {
  return networkPresets.some((name) => name === word);
}

function unknownWord(word: string, hasValue: boolean): string {
  const known = hasValue ? Object.keys(figureWords) : networkPresets;
  const near = nearest(word.replaceAll('-', '_'), known);
  if (near !== undefined) return `did you mean ${near}?`;
  return hasValue ? `figures are ${known.join(', ')}.` : `networks are ${known.join(', ')}.`;
}
