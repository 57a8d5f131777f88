import { chromium, type Browser, type LaunchOptions } from 'playwright-core';
import { browserSwitches, chromiumPath } from './browser-switches.ts';

export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  return await chromium.launch({ executablePath: chromiumPath, args: browserSwitches, ...options });
}
