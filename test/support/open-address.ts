import { get, type IncomingMessage } from 'node:http';

/** Opens an address as a browser's tab does; `fetch` cannot say that it is one. Redirects are not followed. */
export async function openAddress(address: string | URL): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const headers = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };
    get(address, { headers }, (response) => resolve(response.resume())).once('error', reject);
  });
}

/** The cookie that a fresh address is exchanged for, as it is sent back; empty: none. */
export function cookieIn({ headers }: IncomingMessage): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}
