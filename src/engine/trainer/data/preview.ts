import type { DemoSettings } from '#shared/contract/run/settings.ts';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { dataError } from '../errors.ts';
import { loadData } from './load-data.ts';
import { shareHistograms } from './partition.ts';
import { parseSplit } from '#shared/contract/run/split.ts';

const neverAborted = new AbortController().signal;

/**
 * How a demo's data would be divided, class by class, before it starts.
 * @throws RoundscopeError `data_missing`, `data_invalid` or `data_too_large`
 */
export async function previewSplit(
  settings: Pick<DemoSettings, 'data' | 'participants' | 'split' | 'seed'>,
  options: { readonly signal: AbortSignal } = { signal: neverAborted },
): Promise<PortAnswers['preview_split']> {
  const split = parseSplit(settings.split);
  if (!split.ok) throw dataError('data_invalid', split.error);
  const data = await loadData(settings.data, options);
  const { participants, seed } = settings;
  const histograms = shareHistograms(data, { participants, seed, split: split.value });
  return {
    classes: data.all.classes,
    shares: histograms.map((classCounts, i) => ({
      participant: `node-${i + 1}`,
      examples: classCounts.reduce((sum, count) => sum + count, 0),
      classCounts,
    })),
  };
}
