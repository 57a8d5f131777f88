/** A path in the user's own folder begins with `~`, as such paths may be typed; empty `home`: not known, nothing is shortened. */
export function shortPath(path: string, home: string): string {
  if (home === '' || (path !== home && !path.startsWith(`${home}/`))) return path;
  return `~${path.slice(home.length)}`;
}
