import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readMachineState } from './machine-state.ts';

let folder = '';

async function supply(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), `${text}\n`);
}

/** Laid out as Linux does under /sys/class/power_supply. */
describe('state of the machine', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'power-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('no battery, or no such folder', async () => {
    assert.equal((await readMachineState(folder)).battery, null);
    assert.equal((await readMachineState(join(folder, 'missing'))).battery, null);
  });

  test('the fullest battery counts, and those of mice do not', async () => {
    await supply('AC', { type: 'Mains', online: '0' });
    await supply('BAT0', { type: 'Battery', capacity: '12', status: 'Discharging' });
    assert.deepEqual((await readMachineState(folder)).battery, { level: 0.12, charging: false });
    await supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', capacity: '90', status: 'Discharging' });
    await supply('BAT1', { type: 'Battery', capacity: '', status: 'Unknown' });
    assert.deepEqual((await readMachineState(folder)).battery, { level: 0.12, charging: false });
    await supply('BAT1', { type: 'Battery', capacity: '80', status: 'Charging' });
    assert.deepEqual((await readMachineState(folder)).battery, { level: 0.8, charging: true });
  });

  test('the load is a share of the processors', async () => {
    const share = (): number | null => (process.platform === 'win32' ? null : loadavg()[0]! / availableParallelism());
    // The system counts again every few seconds, so it may do so between two looks.
    const before = share();
    const { cpuLoad } = await readMachineState(folder);
    assert.ok([before, share()].includes(cpuLoad), `${cpuLoad}, not ${before} or ${share()}`);
  });
});
