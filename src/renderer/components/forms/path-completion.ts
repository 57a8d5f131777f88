interface Entry {
  readonly path: string;
  readonly isFile?: true;
}

/** A path as one goes on typing behind it. */
export function ended({ path, isFile }: Entry): string {
  return isFile === true ? path : `${path}/`;
}

/**
 * What Tab makes of a path, as in a shell: the one folder that fits, or as much as all that fit have in common. Null when
 * that adds nothing, so that Tab goes on to the next field.
 */
export function completion(typed: string, entries: readonly Entry[]): string | null {
  const [first] = entries;
  if (first === undefined || /[/\\]$/.test(typed) || typed.trim() === '') return null;
  if (entries.length === 1) return ended(first) === typed ? null : ended(first);
  let common = first.path;
  for (const { path } of entries) {
    while (!path.startsWith(common)) common = common.slice(0, -1);
  }
  const name = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name(common).length > name(typed).length ? common : null;
}
