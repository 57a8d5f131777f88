/**
 * Chromium knows no scheme of an app's own, so a page of `app://roundscope/` is loaded from an `https:` origin that does
 * not exist and is answered over the DevTools protocol. Origin, storage and content security policy work as they do for
 * a scheme that Electron has registered as standard and secure.
 */
type Handler = (request: Request) => Response | Promise<Response>;

const suffix = '.stand-in.invalid';
const registered = new Set<string>();
const handlers = new Map<string, Handler>();

/** What `protocol` is to the app. */
export const protocol: Pick<Electron.Protocol, 'handle' | 'registerSchemesAsPrivileged'> = {
  registerSchemesAsPrivileged(schemes) {
    for (const { scheme, privileges } of schemes) {
      if (privileges?.standard !== true || !privileges.secure) {
        throw new Error('the stand-in serves standard and secure schemes alone');
      }
      registered.add(scheme);
    }
  },
  handle(scheme, handler) {
    if (!registered.has(scheme)) throw new Error(`${scheme}: is not registered as a privileged scheme`);
    handlers.set(scheme, handler as Handler);
  },
};

/** `https://roundscope.app.stand-in.invalid/x` for `app://roundscope/x`; other addresses stay as they are. */
export function toVirtual(address: string): string {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/.exec(address);
  const [, scheme = '', host = '', rest = ''] = parts ?? [];
  return registered.has(scheme) ? `https://${host}.${scheme}${suffix}${rest}` : address;
}

export function fromVirtual(address: string): string {
  const url = new URL(address);
  if (!url.hostname.endsWith(suffix)) return address;
  const name = url.hostname.slice(0, -suffix.length);
  const dot = name.lastIndexOf('.');
  return `${name.slice(dot + 1)}://${name.slice(0, dot)}${url.pathname}${url.search}${url.hash}`;
}

/** The app's own answer to one of its addresses; `undefined` when the address is none of them. */
export async function answerFor(
  address: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response | undefined> {
  const own = fromVirtual(address);
  const handler = own === address ? undefined : handlers.get(new URL(own).protocol.slice(0, -1));
  return handler?.(new Request(own, { method, headers }));
}
