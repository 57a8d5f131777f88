import { WebSocket } from 'ws';
import { exchangePath, offeredProtocols, tokenParameter } from '#shared/contract/app/page-access.ts';

/** The key that the page of a fresh address is given, by the request that it makes; null: none. */
export async function keyOf(address: string | URL): Promise<string | null> {
  const { origin, searchParams } = new URL(address);
  const authorization = `Bearer ${searchParams.get(tokenParameter) ?? ''}`;
  const response = await fetch(new URL(exchangePath, origin), { method: 'POST', headers: { authorization, origin } });
  const text = (await response.text()).trim();
  return response.ok ? text : null;
}

/** The port as a page with this key opens it. */
export function openPort(origin: string, key: string): WebSocket {
  return new WebSocket(new URL('/port', origin.replace(/^http/, 'ws')), offeredProtocols(key), { origin });
}
