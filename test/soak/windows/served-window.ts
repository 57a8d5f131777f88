import { mkdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '#test/support/page/chromium.ts';
import { slowTraining } from '#test/support/hostile/besieged.ts';
import { Command, nothingLeft, processesOf } from '../../cli/command-line.ts';
import { fillJoinForm } from '#test/e2e/measures/window-text.ts';
import { killAll, signalAll, signalOne } from './signals.ts';
import { patienceMs, within } from './within.ts';

/** A participant's window: a service of its own in browser mode, its data folder, and a browser. */
export class ServedWindow implements AsyncDisposable {
  readonly name: string;
  readonly #folder: string;
  /** Its name in the environment tells the browser's processes from those of the service. */
  readonly #browserFolder: string;
  readonly #trainingMs: number;
  readonly #browser: Browser;
  readonly page: Page;
  #command: Command;

  static async open(name: string, root: string, trainingMs: number): Promise<ServedWindow> {
    const folder = joinPath(root, name);
    const browserFolder = joinPath(folder, 'browser');
    mkdirSync(browserFolder, { recursive: true });
    const command = await serve(folder, trainingMs);
    try {
      const env = { ...(process.env as Record<string, string>), ROUNDSCOPE_DATA: browserFolder };
      // The soak ends its browsers itself, after its report.
      const browser = await launchChromium({ env, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      page.setDefaultTimeout(patienceMs);
      await page.goto(addressOf(command));
      return new ServedWindow(name, { folder, browserFolder, trainingMs, browser, page, command });
    } catch (error) {
      await command[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    name: string,
    parts: {
      readonly folder: string;
      readonly browserFolder: string;
      readonly trainingMs: number;
      readonly browser: Browser;
      readonly page: Page;
      readonly command: Command;
    },
  ) {
    this.name = name;
    this.#folder = parts.folder;
    this.#browserFolder = parts.browserFolder;
    this.#trainingMs = parts.trainingMs;
    this.#browser = parts.browser;
    this.page = parts.page;
    this.#command = parts.command;
  }

  /** By the form, as a user does. */
  async join(invitation: string): Promise<void> {
    await fillJoinForm(this.page, { invitation, data: 'digits', name: this.name });
    await this.#pressJoin();
  }

  /** From the list of earlier runs on Home. */
  async joinAgain(): Promise<void> {
    const recent = this.page.getByRole('region', { name: 'Recent runs' });
    if ((await recent.count()) === 0) await this.#openHome();
    await recent
      .getByRole('button', { name: / again: / })
      .first()
      .click();
    await this.#pressJoin();
  }

  async #pressJoin(): Promise<void> {
    await this.page.getByRole('button', { name: /^(Approve and join|Join)$/ }).click();
  }

  async #openHome(): Promise<void> {
    const cell = this.page.locator('header .cell.run');
    await cell.press('ArrowDown');
    await this.page.getByRole('menu', { name: 'Run menu' }).waitFor();
    await this.page.keyboard.press('Enter');
  }

  async press(name: string): Promise<void> {
    await this.page.locator('.slot').getByRole('button', { name, exact: true }).first().click();
  }

  async leave(): Promise<void> {
    await this.press('Leave…');
    const question = this.page.getByRole('dialog', { name: /^Leave/ });
    await question.getByRole('button', { name: /^Leave/ }).click();
    // Until it has closed, what is typed goes to it and not to the window behind it.
    await question.waitFor({ state: 'hidden' });
  }

  /** Pid of its participant's process, as soon as there is one. */
  async participant(): Promise<number> {
    await within(() => this.#participantPid !== null, `${this.name} has no participant process`);
    return this.#participantPid ?? 0;
  }

  async untilNoParticipant(): Promise<void> {
    await within(() => this.#participantPid === null, `${this.name} has a participant process still`);
  }

  get #participantPid(): number | null {
    return processesOf(this.#folder).find(({ command }) => command.includes('participant'))?.pid ?? null;
  }

  signalService(signal: NodeJS.Signals): void {
    signalOne(this.#command.pid, signal);
  }

  /** After it was killed: what it had started ends by itself. */
  async restartService(): Promise<void> {
    await nothingLeft(this.#folder, 10_000);
    await this.#command[Symbol.asyncDispose]();
    this.#command = await serve(this.#folder, this.#trainingMs);
    await this.page.goto(addressOf(this.#command));
  }

  /** Everything of it, the browser too. */
  signal(signal: NodeJS.Signals): void {
    signalAll(this.#browserFolder, signal);
    signalAll(this.#folder, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What stands still hears no request to close.
    this.signal('SIGCONT');
    await this.#browser.close();
    await killAll(this.#folder);
    await this.#command[Symbol.asyncDispose]();
  }
}

async function serve(folder: string, trainingMs: number): Promise<Command> {
  const command = new Command(['serve', '--no-open', '--idle'], { dataFolder: folder, env: slowTraining(trainingMs) });
  await command.until(({ stdout }) => /http:\S+\n/.test(stdout));
  return command;
}

function addressOf({ stdout }: Command): string {
  return /http:\S+/.exec(stdout)?.[0] ?? '';
}
