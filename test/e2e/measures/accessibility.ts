import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** Scans what is on screen; findings that keep people out (serious and critical) fail. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // Evaluated rather than added as a script, which the page's content security policy would refuse.
  await page.evaluate(source);
  const findings = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: Finding[] }> } };
    return (await axe.run({ resultTypes: ['violations'] })).violations;
  });
  const bad = findings.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.equal(bad.map(describe).join('\n'), '', `accessibility of ${what}`);
}

function describe({ id, impact, help, nodes }: Finding): string {
  const places = nodes
    .slice(0, 4)
    .map((node) => `    ${node.target.join(' ')}: ${node.failureSummary.split('\n')[1]?.trim()}`);
  return `${impact} ${id}: ${help} (${nodes.length})\n${places.join('\n')}`;
}
