import { useCallback, useSyncExternalStore } from 'react';

const queries = new Map<string, MediaQueryList>();

/** One list for each query: asking for a new one at each render costs the style of the whole page. */
function mediaOf(query: string): MediaQueryList {
  const known = queries.get(query) ?? window.matchMedia(query);
  queries.set(query, known);
  return known;
}

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = mediaOf(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => mediaOf(query).matches);
}

/** Lengths read from the theme; read again once it may have changed. */
const lengths = new Map<string, number>();

/** A length of the theme in px, read again whenever the theme or the size of the window changes. */
export function useTokenPx(token: string): number {
  const subscribe = useCallback((listener: () => void) => {
    const changed = (): void => {
      lengths.clear();
      listener();
    };
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    window.addEventListener('resize', changed);
    return () => {
      lengths.clear();
      observer.disconnect();
      window.removeEventListener('resize', changed);
    };
  }, []);
  return useSyncExternalStore(subscribe, () => {
    const known = lengths.get(token);
    if (known !== undefined) return known;
    const read = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue(token)) || fallbackPx;
    lengths.set(token, read);
    return read;
  });
}

const fallbackPx = 20;
