/** Debian's own, unless another one is named. */
export const chromiumPath = process.env['ROUNDSCOPE_CHROMIUM'] ?? '/usr/bin/chromium';

/** What every Chromium here is started with: without a sandbox that containers lack, without a graphics processor, and quiet on the network. */
export const browserSwitches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
