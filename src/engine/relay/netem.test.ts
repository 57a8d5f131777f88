import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * The relay against the kernel's own emulation, in a network namespace made for it; nothing of the machine's network is
 * touched. What does not exist here is said and left out.
 */

const client = fileURLToPath(new URL('../../../test/support/relay-ping.ts', import.meta.url));
const name = `roundscope-${process.pid}`;
const latencyMs = 40;

class Namespace implements Disposable {
  constructor() {
    run('ip', 'netns', 'add', name);
    run('ip', '-n', name, 'link', 'set', 'lo', 'up');
  }

  /** Each packet over its loopback takes so much longer; returns what the kernel says when it cannot. */
  delay(ms: number): string | null {
    return tried('ip', 'netns', 'exec', name, 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', `${ms}ms`);
  }

  ping(...way: readonly string[]): number {
    return Number(run('ip', 'netns', 'exec', name, process.execPath, client, ...way));
  }

  [Symbol.dispose](): void {
    run('ip', 'netns', 'delete', name);
  }
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Null when it worked, else why not. */
function tried(program: string, ...args: readonly string[]): string | null {
  try {
    run(program, ...args);
    return null;
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
    return said === '' ? String(error) : said;
  }
}

/** Why there can be no namespace of ours; null when there can. */
function missing(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  const failed = tried('ip', 'netns', 'add', name);
  if (failed === null) run('ip', 'netns', 'delete', name);
  return failed === null ? null : `no network namespace can be made here: ${failed}`;
}

const lack = missing();

describe('the relay in a network namespace', { skip: lack ?? false }, () => {
  test('its latency is what a ping sees, on top of the same ping without', () => {
    using namespace = new Namespace();
    const straight = namespace.ping('straight');
    const relayed = namespace.ping('relay', String(latencyMs));
    // Never less than asked for; how much more a loaded machine takes says nothing about the relay.
    assert.ok(relayed >= 2 * latencyMs - 2, `${relayed} ms`);
    assert.ok(straight < relayed, `${straight} ms without, ${relayed} ms with`);
  });

  test('the same latency by the kernel and by the relay give the same ping', (context) => {
    using namespace = new Namespace();
    const relayed = namespace.ping('relay', String(latencyMs));
    const cannot = namespace.delay(latencyMs);
    if (cannot !== null) return context.skip(`this kernel has no netem: ${cannot}`);
    const emulated = namespace.ping('straight');
    assert.ok(emulated >= 2 * latencyMs - 2, `${emulated} ms`);
    // A median within half of what was asked for: a loaded machine adds to both.
    assert.ok(Math.abs(relayed - emulated) < latencyMs, `${relayed} ms by the relay, ${emulated} ms by the kernel`);
  });
});
