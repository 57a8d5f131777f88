import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { browserSwitches, chromiumPath } from '#test/support/page/browser-switches.ts';

/**
 * Chromium in the session of this process, as a window of the app is in the session of the app. Playwright by itself starts
 * it in a session of its own; where the kernel shares out processors among sessions first (sched(7), autogroup), nice
 * values of processes in the other session count for nothing there, and a window beside training gets half the machine.
 */
export class AttachedChromium implements AsyncDisposable {
  readonly browser: Browser;
  readonly #child: ChildProcess;

  private constructor(browser: Browser, child: ChildProcess) {
    this.browser = browser;
    this.#child = child;
  }

  /** `folder`: where its profile goes. */
  static async launch(folder: string): Promise<AttachedChromium> {
    const child = spawn(
      chromiumPath,
      [...browserSwitches, '--headless', '--remote-debugging-port=0', `--user-data-dir=${join(folder, 'chromium')}`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    try {
      return new AttachedChromium(await chromium.connectOverCDP(await addressOf(child)), child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill();
    await exit;
  }
}

/** Where it says that it listens for a debugger. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const text of child.stderr ?? []) {
    said = (said + String(text)).slice(-4096);
    const address = /ws:\/\/\S+/.exec(said)?.[0];
    if (address === undefined) continue;
    return address;
  }
  throw new Error(`Chromium ended before it listened: ${said}`);
}
