import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entropy } from '#shared/base/entropy.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';

/** Chosen to be told apart when read aloud, and to say nothing of anybody. */
const manners = (
  'amber brave bright brisk calm clear crisp eager early fair gentle glad golden green happy hardy keen kind lively lucky ' +
  'mellow merry mild neat noble quick quiet rapid silver steady sunny swift'
).split(' ');
const beings = (
  'badger beaver bison cedar condor crane dolphin falcon fern finch fox gecko heron ibex jay lark linden lynx maple marten ' +
  'newt orca otter owl panda pine puffin raven robin seal tapir willow'
).split(' ');
const numbers = 90;
const firstNumber = 10;

/**
 * What this machine is called in a federation while its user gives it no other name: `quiet-heron-42`, made once and kept in
 * the data folder. Not the name of the machine, which may be its owner's. A name that cannot be kept is made again each time.
 */
export function ownName(dataFolder: string, entropy: Entropy): string {
  const path = join(dataFolder, 'participant-name');
  const kept = keptName(path);
  if (kept !== null) return kept;
  const made = makeName(entropy);
  try {
    // Whatever lies there is no name, or somebody was faster.
    writeFileSync(path, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return keptName(path) ?? made;
  }
}

function keptName(path: string): string | null {
  try {
    const name = participantName(readFileSync(path, 'utf8').slice(0, 100).trim());
    return name.ok ? name.value : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

function makeName(entropy: Entropy): string {
  const [a = 0, b = 0, c = 0] = entropy.bytes(3);
  return `${manners[a % manners.length]}-${beings[b % beings.length]}-${firstNumber + (c % numbers)}`;
}
