import { chromium, type Browser } from 'playwright-core';
import { browserSwitches, chromiumPath } from './browser-switches.ts';

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: chromiumPath, args: browserSwitches });
}
