/** What the tokens know; `system` is resolved here, once, so that no style needs a media query for colors. */
export type ThemeChoice = 'system' | 'light' | 'dark' | 'projector';

/** Sets `data-theme` on the root and keeps it right while the system changes; dispose before applying another. */
export function applyTheme(choice: ThemeChoice): Disposable {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.documentElement.dataset['theme'] = choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;
  };
  apply();
  dark.addEventListener('change', apply);
  return { [Symbol.dispose]: () => dark.removeEventListener('change', apply) };
}
