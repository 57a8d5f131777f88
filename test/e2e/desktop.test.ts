import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { temporaryFolder } from '#test/cli/command-line.ts';
import { coordinate as coordinateElsewhere } from '#test/cli/federation.ts';
import { appTest } from './app-spec.ts';
import { startAgain, WindowApp } from './open-app.ts';

const open = WindowApp.open.bind(WindowApp);

/** What the app asks of the desktop, in order; there is nobody to answer a dialog, so the answers are given before. */
interface Asked {
  readonly folders: { title: string; properties: string[] }[];
  readonly awake: string[];
  answer: string | null;
}

async function watchDesktop({ electron }: WindowApp): Promise<void> {
  await electron.evaluate(({ dialog, powerSaveBlocker }) => {
    const asked: Asked = { folders: [], awake: [], answer: null };
    Object.assign(globalThis, { asked });
    dialog.showOpenDialog = ((_window: unknown, { title = '', properties = [] }: Electron.OpenDialogOptions) => {
      asked.folders.push({ title, properties });
      return Promise.resolve({
        canceled: asked.answer === null,
        filePaths: asked.answer === null ? [] : [asked.answer],
      });
    }) as typeof dialog.showOpenDialog;
    const { start, stop } = powerSaveBlocker;
    powerSaveBlocker.start = (type) => {
      const id = start.call(powerSaveBlocker, type);
      asked.awake.push(`${type} ${id}`);
      return id;
    };
    powerSaveBlocker.stop = (id) => {
      asked.awake.push(`let go of ${id}`);
      return stop.call(powerSaveBlocker, id);
    };
  });
}

const asked = ({ electron }: WindowApp): Promise<Asked> =>
  electron.evaluate(() => (globalThis as unknown as { asked: Asked }).asked);

async function chooseNext({ electron }: WindowApp, path: string | null): Promise<void> {
  await electron.evaluate((_electron, answer) => {
    (globalThis as unknown as { asked: Asked }).asked.answer = answer;
  }, path);
}

describe('what the app asks of the desktop', () => {
  appTest(
    "the system's dialog for a folder, and to stay awake while a run goes on",
    open,
    { idle: true },
    async (app) => {
      const { page } = app;
      const folder = temporaryFolder();
      await watchDesktop(app);
      await page.getByRole('heading', { name: 'No run is open' }).waitFor();
      await page.keyboard.press('c');
      const data = page.getByLabel('Data to check with', { exact: true });
      await chooseNext(app, folder);
      const choose = page.locator('.pf', { has: data }).getByRole('button', { name: 'Choose…' });
      await choose.click();
      await page.waitForFunction(
        (path) => document.querySelector<HTMLInputElement>('.pf input')?.value === path,
        folder,
      );
      await data.fill('digits');
      await chooseNext(app, null);
      await choose.click();
      await until(async () => (await asked(app)).folders.length === 2);
      assert.equal(await data.inputValue(), 'digits', 'closed without a choice: the field stays');
      const once = { title: 'The data to check the model with', properties: ['openDirectory', 'createDirectory'] };
      assert.deepEqual((await asked(app)).folders, [once, once]);
      await chooseNext(app, null);
      await page.getByRole('button', { name: 'File…' }).click();
      await until(async () => (await asked(app)).folders.length === 3);
      assert.deepEqual((await asked(app)).folders.at(-1), { title: once.title, properties: ['openFile'] });

      assert.deepEqual((await asked(app)).awake, []);
      await coordinate(page, 'awake');
      await until(async () => (await asked(app)).awake.length === 1);
      await stop(page);
      await until(async () => (await asked(app)).awake.length === 2);
      const [start = '', letGo] = (await asked(app)).awake;
      assert.match(start, /^prevent-app-suspension \d+$/);
      assert.equal(letGo, `let go of ${start.split(' ')[1]}`);

      await page.keyboard.press('Shift+C');
      await page.getByLabel('Keep awake until the run is over').uncheck();
      await coordinate(page, 'asleep');
      assert.equal((await asked(app)).awake.length, 2, 'who does not want it is not kept awake');
      await stop(page);
    },
  );

  const link = (text: string): string => `roundscope://join?i=${text.repeat(20)}`;
  appTest(
    'links to invitations lead to Join, and join nothing',
    open,
    { idle: true, args: [link('Abc1')] },
    async (app) => {
      const { page, electron } = app;
      await seesInvitation(page, link('Abc1'));
      await electron.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.once('focus', () => Object.assign(globalThis, { broughtToFront: true }));
      });
      const second = await startAgain(app.dataFolder, ['--idle', link('Def2').replace('join?', 'join/?')]);
      assert.equal(second.status, 0, second.stderr);
      await seesInvitation(page, link('Def2'));
      await until(() => electron.evaluate(() => 'broughtToFront' in globalThis));
      const openUrl = (url: string): Promise<boolean> =>
        electron.evaluate(
          ({ app: main }, given) => main.emit('open-url', { preventDefault: () => undefined }, given),
          url,
        );
      await openUrl(link('Ghi3'));
      await seesInvitation(page, link('Ghi3'));
      for (const url of [
        'https://example.com/',
        'roundscope://leave?i=abc',
        `${link('x')} --inspect`,
        link('y'.repeat(900)),
      ])
        await openUrl(url);
      // In order behind those: had one of them been taken, it would stand there now.
      await page.getByRole('button', { name: 'Back', exact: true }).click();
      await page.getByRole('heading', { name: 'No run is open' }).waitFor();
      assert.equal(await page.getByLabel('Invitation', { exact: true }).inputValue(), link('Ghi3'));
      await page.reload();
      await page.getByRole('heading', { name: 'No run is open' }).waitFor();
      assert.equal(await page.getByLabel('Invitation', { exact: true }).inputValue(), '', 'a link is opened once');
    },
  );
});

describe('an invitation that is clicked on', () => {
  test('fills the form in: the run is looked at, and nobody has joined it before Join is pressed', async () => {
    await using coordinator = await coordinateElsewhere(['--participants', '1', '--rounds', '1']);
    const { command, invitation } = coordinator;
    await using app = await WindowApp.open({ idle: true, args: [invitation] });
    const { page } = app;
    await seesInvitation(page, invitation);
    const join = page.getByRole('button', { name: 'Approve and join', disabled: false });
    await page.getByLabel('Folder or file', { exact: true }).fill('digits');
    await join.waitFor();
    // It could be joined by now, and is not, for as long as its coordinator tells of nobody.
    await delay(1500);
    const joined = (): boolean => command.lines.some(({ event }) => event === 'participant_joined');
    assert.equal(joined(), false);
    assert.match(await page.locator('header').innerText(), /none open/);
    await join.click();
    await command.until(joined);
  });
});

async function seesInvitation(page: Page, invitation: string): Promise<void> {
  await page.getByRole('heading', { name: 'Join a run', exact: true }).waitFor();
  await page.waitForFunction(
    (text) => [...document.querySelectorAll('input')].some(({ value }) => value === text),
    invitation,
  );
  await page.getByText('Nothing is joined before you press Join').waitFor();
  assert.match(await page.locator('header').innerText(), /none open/);
}

async function coordinate(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: /^Start and invite/, disabled: false }).click();
  await page.getByRole('heading', { name: 'Who has arrived' }).waitFor();
}

async function stop(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop…' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: /^Stop/ }).click();
  await page.locator('header .wait .w1').filter({ hasText: 'Run stopped' }).waitFor();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  while (!(await isSo())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
