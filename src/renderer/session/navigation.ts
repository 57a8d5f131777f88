import { useSyncExternalStore } from 'react';
import { createStore } from './store.ts';

/** The views in the order of the rail and of the keys 0 to 7. */
export const viewIds = [
  'runs',
  'rounds',
  'packets',
  'metrics',
  'participants',
  'diagnosis',
  'demo',
  'settings',
] as const;
export type ViewId = (typeof viewIds)[number];

/** Pages about runs as a whole: not on the rail, but behind the run cell of the top bar. */
export const pageIds = ['home', 'join', 'coordinate', 'leaves'] as const;
export type PageId = (typeof pageIds)[number];
const placeIds = [...viewIds, ...pageIds];

/** Whether this is a page about runs as a whole. */
export function isPage(view: ViewId | PageId): view is PageId {
  return pageIds.some((id) => id === view);
}

/** Where the window is. Kept in the address, so that a reload comes back to the same place. */
export interface Place {
  readonly view: ViewId | PageId;
  /** Filter text of the packet view; views that say "its packets" set it. */
  readonly filter: string;
  /** Id of the packet that is opened. */
  readonly packet: number | null;
  readonly round: number | null;
  readonly participant: string | null;
}

const start: Place = { view: 'rounds', filter: '', packet: null, round: null, participant: null };

export function parsePlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const view = placeIds.find((id) => id === path) ?? start.view;
  const values = new URLSearchParams(query);
  const number = (name: string): number | null => {
    const value = Number(values.get(name) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : null;
  };
  return {
    view,
    filter: values.get('filter') ?? '',
    packet: number('packet'),
    round: number('round'),
    participant: values.get('participant'),
  };
}

export function formatPlace(place: Place): string {
  const values = new URLSearchParams();
  if (place.filter !== '') values.set('filter', place.filter);
  if (place.packet !== null) values.set('packet', String(place.packet));
  if (place.round !== null) values.set('round', String(place.round));
  if (place.participant !== null) values.set('participant', place.participant);
  const query = values.toString();
  return `#/${place.view}${query === '' ? '' : `?${query}`}`;
}

const store = createStore<Place>(typeof window === 'undefined' ? start : parsePlace(window.location.hash));
if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', () => {
    if (formatPlace(store.get()) !== window.location.hash) store.set(parsePlace(window.location.hash));
  });
}

/** Goes somewhere. Another view is a step that Back undoes; a change within one replaces the address. */
export function navigate(change: Partial<Place>): void {
  const before = store.get();
  const next = { ...before, ...change };
  const hash = formatPlace(next);
  if (hash === formatPlace(before)) return;
  if (next.view === before.view) window.history.replaceState(null, '', hash);
  else window.history.pushState(null, '', hash);
  store.set(next);
}

export function usePlace(): Place {
  return useSyncExternalStore(store.subscribe, store.get);
}

export function currentPlace(): Place {
  return store.get();
}

interface Arrival {
  /** Where the focus was when the key was pressed. */
  readonly from: Element | null;
  taken: boolean;
}

const arrivals = createStore<Arrival | null>(null);

/** Goes to a view by its key: the focus comes along, which would else stay on what has gone. */
export function navigateWithFocus(view: Place['view']): void {
  navigate({ view });
  arrivals.set({ from: document.activeElement, taken: false });
}

/** The last time that a view was gone to by its key, were it the one that is shown already. */
export function useArrival(): Arrival | null {
  return useSyncExternalStore(arrivals.subscribe, arrivals.get);
}

/** Whether the focus comes along: asked once, and only from where it was, since a view may take a while to load. */
export function takeArrival(arrival: Arrival): boolean {
  if (arrival.taken) return false;
  arrival.taken = true;
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || activeElement === arrival.from;
}

let wish: string | null = null;

/** The element of this id takes the focus when its view, which may have yet to be loaded, shows it. */
export function wishFocus(id: string): void {
  wish = id;
}

/** Once: whether the element that has just come is the one that was wished for. */
export function takeFocusWish(id: string): boolean {
  if (wish !== id) return false;
  wish = null;
  return true;
}
