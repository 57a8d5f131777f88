import { shortPath } from '#shared/base/text/short-path.ts';
import { useSessionState } from '../hooks.ts';

/** Writes paths of this machine as its user would. */
export function useShortPath(): (path: string) => string {
  const home = useSessionState(({ app }) => app?.homeFolder ?? '');
  return (path) => shortPath(path, home);
}
