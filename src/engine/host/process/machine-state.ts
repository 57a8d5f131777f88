import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { LinkConditions } from '#shared/contract/run/selection.ts';

const powerSupplies = '/sys/class/power_supply';
/** Batteries of one machine that are looked at. */
const suppliesMax = 16;

/** Battery and load of this machine, as far as they can be had cheaply: the battery on Linux, the load not on Windows. */
export async function readMachineState(
  folder: string = powerSupplies,
): Promise<Pick<LinkConditions, 'battery' | 'cpuLoad'>> {
  const load = loadavg()[0] ?? 0;
  return {
    battery: await readBattery(folder),
    cpuLoad: process.platform === 'win32' ? null : load / availableParallelism(),
  };
}

/** The fullest battery: of a machine with two, one is drawn after the other. */
async function readBattery(folder: string): Promise<LinkConditions['battery']> {
  // No such folder: no battery that could be read.
  const names = await readdir(folder).catch(() => []);
  let found: LinkConditions['battery'] = null;
  for (const name of names.slice(0, suppliesMax)) {
    const read = async (file: string): Promise<string> =>
      (await readFile(join(folder, name, file), 'utf8').catch(() => '')).trim();
    // Mice and headsets have batteries of their own, whose scope is the device.
    if ((await read('type')) !== 'Battery' || (await read('scope')) === 'Device') continue;
    const percent = Number(await read('capacity'));
    if (!Number.isFinite(percent) || percent < 0 || percent > 100 || (await read('capacity')) === '') continue;
    const battery = { level: percent / 100, charging: (await read('status')) !== 'Discharging' };
    if (found === null || battery.level > found.level) found = battery;
  }
  return found;
}
