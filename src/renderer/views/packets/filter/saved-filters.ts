import { parseFilter } from '#shared/filter/parse-filter.ts';

export interface SavedFilter {
  readonly name: string;
  readonly text: string;
}

const key = 'roundscope.filters';
const savedMax = 40;

/** Filters that answer common questions; always there. */
export const givenFilters: readonly SavedFilter[] = [
  { name: 'Model transfers', text: 'kind in (global_model, model_update, chunk)' },
  { name: 'Connections opened and closed', text: 'kind in (connection_open, connection_close)' },
  { name: 'What went wrong', text: 'status != ok' },
  { name: 'Silences over 5 s', text: 'gap > 5s' },
  { name: 'Without heartbeats and acknowledgements', text: '!(kind in (heartbeat, ack))' },
  // Of a frame both ends may tell, so that it stands in two rows.
  { name: 'Each frame once, as its sender told it', text: 'side == sent' },
  // The values of a body are not searched.
  { name: 'NaN in a note or a name', text: 'text ~ "nan"' },
];

/** What of a stored text is a list of filters; anything else that stands there is left out. */
export function readSavedFilters(text: string | null): readonly SavedFilter[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(value)) return [];
    const known = value.filter(
      (item): item is SavedFilter => typeof item?.name === 'string' && typeof item?.text === 'string',
    );
    return known.filter((item) => parseFilter(item.text).ok).slice(0, savedMax);
  } catch {
    // Anything may stand in storage; none saved is always a good answer.
    return [];
  }
}

export function loadSavedFilters(): readonly SavedFilter[] {
  try {
    return readSavedFilters(localStorage.getItem(key));
  } catch {
    // Storage can be switched off by the browser; saving says so.
    return [];
  }
}

/** @returns whether the browser kept it */
export function storeSavedFilters(filters: readonly SavedFilter[]): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(filters.slice(0, savedMax)));
    return true;
  } catch {
    return false;
  }
}
