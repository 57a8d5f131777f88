import { networkInterfaces } from 'node:os';
import type { CheckLine, PortAnswers } from '#shared/contract/app/port-api.ts';
import { namedProtocols } from '#shared/contract/protocols.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Addresses in a form; a machine with many containers has hundreds, which nobody reads. */
const addressesMax = 32;

/**
 * Addresses of this machine that participants may reach, the likeliest first, and which transports it can offer.
 * @param lines what `checkMachine` found
 */
export function ownAddresses(
  lines: readonly CheckLine[],
  interfaces: Interfaces = networkInterfaces(),
): PortAnswers['own_addresses'] {
  const found = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? []).map((address) => ({ ...address, name })),
  );
  const outside = found
    .filter(({ internal, family, scopeid }) => !internal && (family === 'IPv4' || scopeid === 0))
    .toSorted((a, b) => rank(a.family) - rank(b.family))
    .map(({ address, name, family }) => ({ host: address, what: `${name}, ${family}` }));
  const every = outside.some(({ what }) => what.endsWith('IPv6'))
    ? [{ host: '::', what: 'every address of this machine, IPv6 and IPv4' }]
    : [];
  const anywhere =
    outside.length > 0 ? [{ host: '0.0.0.0', what: 'every IPv4 address of this machine' }, ...every] : [];
  return {
    addresses: [
      ...outside.slice(0, addressesMax),
      ...anywhere,
      { host: '127.0.0.1', what: 'this machine alone: others cannot reach it' },
    ],
    transports: namedProtocols.map((protocol) => {
      const line = lines.find((candidate) => candidate.protocol === protocol);
      return {
        protocol,
        works: line?.state === 'works',
        detail: line === undefined ? 'not looked at' : `${line.detail}${line.fix === '' ? '' : ` ${line.fix}`}`.trim(),
      };
    }),
  };
}

function rank(family: string): number {
  return family === 'IPv4' ? 0 : 1;
}
