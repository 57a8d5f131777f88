import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Arguments } from '../arguments.ts';

/**
 * Why the run cannot be recorded where `--record` says; null: it can, as far as can be told before, or nothing is said.
 * Who names a file wants that recording: without it the run is not begun.
 */
export function wrongRecord(args: Arguments): string | null {
  const typed = args.text('record');
  if (typed === undefined) return null;
  const path = resolve(typed);
  const folder = dirname(path);
  if (existsSync(path))
    return `--record: ${path} exists already, and recordings are never written over. Choose another name, or move that file away.`;
  if (!isFolder(folder)) return `--record: there is no folder ${folder}. Make it first, or choose another.`;
  try {
    accessSync(folder, constants.W_OK);
    return null;
  } catch {
    return `--record: the folder ${folder} cannot be written. Choose another, or change its permissions.`;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
