import { exchangePath, isPageKey, tokenParameter } from '#shared/contract/app/page-access.ts';
import type { PageKeyPlaces } from './page-key.ts';

const channelName = 'roundscope.page-key';

/** The storage, the channel and the address of this tab. */
export function browserPlaces(): PageKeyPlaces {
  const channel = new BroadcastChannel(channelName);
  return {
    storage: window.sessionStorage,
    others: {
      post: (message) => channel.postMessage(message),
      onMessage: (listener) => channel.addEventListener('message', ({ data }) => listener(data)),
    },
    token: new URLSearchParams(window.location.search).get(tokenParameter),
    exchange,
  };
}

async function exchange(token: string): Promise<string | null> {
  await untilShown();
  let key: string | null = null;
  try {
    const response = await fetch(exchangePath, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      cache: 'no-store',
    });
    if (response.ok) key = (await response.text()).trim();
  } catch {
    // The service is gone: the address keeps its token, so that a reload tries again.
    return null;
  }
  // Spent or worthless: it need not stay in the address bar.
  window.history.replaceState(null, '', `${window.location.pathname}${window.location.hash}`);
  return isPageKey(key) ? key : null;
}

/** A page that the browser prepares ahead, because somebody types its address, has not been opened. */
async function untilShown(): Promise<void> {
  if (!('prerendering' in document) || document.prerendering !== true) return;
  await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }));
}
