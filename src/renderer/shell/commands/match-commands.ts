import type { Command } from '#renderer/session/commands.ts';

/** Rows of a list that is read at a glance. */
const shownMax = 12;
const groups = ['go', 'do', 'filter'] as const;

export interface Matches {
  readonly total: number;
  readonly shown: readonly Command[];
  readonly groups: readonly { readonly group: Command['group']; readonly commands: readonly Command[] }[];
}

/** Commands whose name contains every word of the query; those that begin with it come first within their group. */
export function matchCommands(commands: readonly Command[], query: string, search: (text: string) => Command): Matches {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const listed = commands.filter(
    (command) => command.hidden !== true && (words.length > 0 || command.group !== 'filter'),
  );
  const matches = listed.filter((command) => {
    const text = `${command.title} ${command.detail ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const extra = words.length > 0 ? [search(query.trim())] : [];
  const all = [...matches, ...extra];
  const first = words.join(' ');
  const grouped = groups.map((group) => ({
    group,
    commands: all
      .filter((command) => command.group === group)
      .sort(
        (a, b) => Number(b.title.toLowerCase().startsWith(first)) - Number(a.title.toLowerCase().startsWith(first)),
      ),
  }));
  const kept = shareOut(
    grouped.map(({ commands: members }) => members.length),
    shownMax,
  );
  const shown = grouped.map(({ group, commands: members }, i) => ({ group, commands: members.slice(0, kept[i]) }));
  return {
    total: all.length,
    shown: shown.flatMap(({ commands: members }) => members),
    groups: shown.filter(({ commands: members }) => members.length > 0),
  };
}

/** Rows for each group, round by round, so that a long group does not hide the others. */
function shareOut(wanted: readonly number[], total: number): number[] {
  const given = wanted.map(() => 0);
  for (let left = total; left > 0;) {
    const before = left;
    for (let i = 0; i < wanted.length && left > 0; i++) {
      if ((given[i] as number) < (wanted[i] as number)) {
        given[i] = (given[i] as number) + 1;
        left--;
      }
    }
    if (left === before) break;
  }
  return given;
}
