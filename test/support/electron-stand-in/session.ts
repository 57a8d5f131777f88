import type { Chromium } from './chromium.ts';

type SessionPart = Pick<
  Electron.Session,
  | 'setDevicePermissionHandler'
  | 'setDisplayMediaRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setPermissionRequestHandler'
>;
type Permission = Parameters<NonNullable<Parameters<SessionPart['setPermissionCheckHandler']>[0]>>[1];

/** Electron's names of permissions, and those of the DevTools protocol. */
const permissions: readonly (readonly [Permission, string])[] = [
  ['clipboard-sanitized-write', 'clipboard-write'],
  ['clipboard-read', 'clipboard-read'],
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['midi', 'midi'],
  ['screen-wake-lock', 'screen-wake-lock'],
];

export class Session implements SessionPart {
  #check: Parameters<SessionPart['setPermissionCheckHandler']>[0] = null;
  #request: Parameters<SessionPart['setPermissionRequestHandler']>[0] = null;
  /** No device is ever chosen here and no screen shown; tests ask what the app would have answered. */
  device: Parameters<SessionPart['setDevicePermissionHandler']>[0] = null;
  display: Parameters<SessionPart['setDisplayMediaRequestHandler']>[0] = null;

  setDevicePermissionHandler(handler: Session['device']): void {
    this.device = handler;
  }

  setDisplayMediaRequestHandler(handler: Session['display']): void {
    this.display = handler;
  }

  setPermissionCheckHandler(handler: Parameters<SessionPart['setPermissionCheckHandler']>[0]): void {
    this.#check = handler;
  }

  setPermissionRequestHandler(handler: Parameters<SessionPart['setPermissionRequestHandler']>[0]): void {
    this.#request = handler;
  }

  /** For the stand-in: Chromium is told the app's answers in advance, since it asks nobody. */
  async applyTo(chromium: Chromium, origin: string): Promise<void> {
    // Electron grants what no handler refuses.
    const isChecked = (name: Permission): boolean => this.#check?.(null, name, origin, {} as never) ?? true;
    for (const [name, devToolsName] of permissions) {
      const setting = isChecked(name) && (await this.#isGranted(name)) ? 'granted' : 'denied';
      await chromium.send('Browser.setPermission', { permission: { name: devToolsName }, setting, origin });
    }
  }

  #isGranted(name: Permission): Promise<boolean> {
    const handler = this.#request;
    if (handler === null) return Promise.resolve(true);
    return new Promise((resolve) => handler({} as never, name, resolve, {} as never));
  }
}

export const session = { defaultSession: new Session() };
