import { presetOf } from '#shared/contract/run/network-presets.ts';
import { userPath } from '#engine/host/user-path.ts';
import { bundledOf, digitsData } from '#shared/contract/run/bundled-data.ts';

/** Data as people name it, for a process that runs elsewhere: bundled data by its name, all else an absolute path. */
export function dataOf(typed: string, from: string): string {
  const text = typed.trim();
  if (text === '') return digitsData.name;
  return bundledOf(text)?.name ?? userPath(text, from);
}

export function fileOf(typed: string, from: string): string {
  return userPath(typed, from);
}

/** A network as people name it: one of ours by its name, all else an absolute path; nothing where nothing was named. */
export function namedModel(typed: string | undefined, from: string): { readonly model?: string } {
  const text = typed?.trim() ?? '';
  if (text === '') return {};
  return { model: presetOf(text) ?? fileOf(text, from) };
}

/** Paths of the files that were named; those that were not stay out. */
export function namedFiles<K extends string>(
  typed: Readonly<Record<K, string | undefined>>,
  from: string,
): { readonly [P in K]?: string } {
  const named = Object.entries<string | undefined>(typed).flatMap(([key, path]) =>
    path === undefined ? [] : [[key, fileOf(path, from)] as const],
  );
  return Object.fromEntries(named) as { readonly [P in K]?: string };
}
