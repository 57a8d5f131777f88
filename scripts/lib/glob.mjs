import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';

/**
 * Files that fit `folder/…/*suffix` at any depth, sorted. The runner's own patterns would also find what npm packages bring.
 * Only this one form is understood: Node 20 has no glob of its own.
 */
export function globSync(pattern) {
  const [folder, rest] = pattern.split('/**/');
  const suffix = rest.slice(1);
  const base = inRoot(folder);
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(base, name))
    .sort();
}
