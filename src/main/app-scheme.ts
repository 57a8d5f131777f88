import { protocol } from 'electron';
import { securityHeaders } from '#shared/contract/app/content-security.ts';
import { appOrigin } from '#shared/contract/main-messages.ts';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';

/** Before the app is ready: `app:` behaves like `https:`, with an origin, storage and a content security policy. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built page from a closed list of files, so that no path can climb out of the folder. */
export async function serveAppScheme(): Promise<void> {
  const files = await readStaticFiles(rendererFolder());
  protocol.handle('app', (request) => {
    const url = URL.parse(request.url);
    const file = url !== null && `${url.protocol}//${url.host}` === appOrigin ? files.get(url.pathname) : undefined;
    if (file === undefined) return new Response('not found', { status: 404, headers: securityHeaders });
    return new Response(new Uint8Array(file.bytes), { headers: { ...securityHeaders, 'content-type': file.type } });
  });
}
